/**
 * An operator who changes the cluster's nodes: another one joins, begins to vote in some seeds, and takes over replicas; one
 * of the first is drained, stopped and removed, and comes back in some seeds with an empty disk, as itself or as another.
 *
 * Who comes back empty under an id that the first nodes were told of is for them one that lost its disk, so the atlas is
 * asked; if it grants that, nobody else ever loses one. He sees every step through, whatever strikes meanwhile.
 */
import { describeBrokers, movesUnderWay, quorumOf, reassign } from '../../client/admin-cluster.ts'
import { describePartitions, describeTopics } from '../../client/admin-topics.ts'
import { ClientError } from '../../client/client-error.ts'
import type { Cluster } from '../../client/cluster.ts'
import { addNode, cordon, drainPlan, removeNode } from '../../client/node-changes.ts'
import { TooFewBrokers } from '../../client/reassignment-plan.ts'
import type { FaultAtlas } from '../nemesis/fault-atlas.ts'
import type { SeededRandom } from '../seeded-random.ts'
import { CONTROLLER_PORT, type SimulatedNode } from '../simulated-node.ts'
import type { Simulation } from '../simulation.ts'
import { TOPIC } from './topics.ts'

const BEGIN_MS_MAX = 4_000
const BETWEEN_MS_MAX = 1_500
const LOOK_MS = 100
/** Who does not stop in that time is killed. */
const STOP_MS_MAX = 5_000
const VOTE_SHARE = 0.6
const MOVE_SHARE = 0.7
const RETURN_SHARE = 0.7
const SAME_ID_SHARE = 0.6

export interface ChangedWorld {
  readonly simulation: Simulation
  readonly atlas: FaultAtlas
  /** Told of who shall get nothing new. */
  readonly leaving: Set<number>
}

export class NodeChanger {
  readonly #cluster: Cluster
  readonly #random: SeededRandom
  readonly #world: ChangedWorld

  constructor(cluster: Cluster, random: SeededRandom, world: ChangedWorld) {
    this.#cluster = cluster
    this.#random = random
    this.#world = world
  }

  async run(isOver: () => boolean): Promise<void> {
    const { simulation, atlas, leaving } = this.#world
    await this.#cluster.pause(this.#random.between(0, BEGIN_MS_MAX))
    if (isOver()) return
    const [first] = simulation.nodes
    const left = this.#drawn(simulation.nodes)
    const lost = left.find(({ id }) => atlas.wipes(id))
    const goer = lost ?? left[0] ?? first
    if (goer === undefined) throw new Error('there is no node')
    await this.#welcome(simulation.join())
    await this.#pause()
    leaving.add(goer.id)
    await this.#seeOff(goer)
    if (this.#random.chance(RETURN_SHARE)) {
      await this.#pause()
      if (goer === lost && this.#random.chance(SAME_ID_SHARE)) {
        goer.wipe()
        goer.mendDisk()
        simulation.readmit(goer)
        leaving.delete(goer.id)
        await this.#welcome(goer)
      } else await this.#welcome(simulation.join())
    }
    // What somebody asked before he went may have been on its way for long.
    while (!isOver()) await this.#pause()
    if (leaving.has(goer.id)) await this.#until(() => this.#isGone(goer.id))
  }

  /** Some order of them. */
  #drawn(nodes: readonly SimulatedNode[]): SimulatedNode[] {
    const left = [...nodes]
    return nodes.flatMap(() => left.splice(this.#random.below(left.length), 1))
  }

  /** Starts a node and sees it become a part of the cluster. */
  async #welcome(node: SimulatedNode): Promise<void> {
    this.#tell(node, 'joins')
    void node.start()
    await this.#until(async () => {
      const broker = (await describeBrokers(this.#cluster)).find(({ brokerId }) => brokerId === node.id)
      return broker?.isFenced === false
    })
    if (this.#random.chance(VOTE_SHARE)) {
      this.#tell(node, 'shall vote')
      await this.#until(() => this.#votes(node))
    }
    if (!this.#random.chance(MOVE_SHARE)) return
    this.#tell(node, 'takes over replicas')
    await this.#until(() => this.#moveTo(node.id))
    await this.#until(async () => (await movesUnderWay(this.#cluster)).length === 0)
  }

  /** Drains a node, stops it, and has the cluster forget it. */
  async #seeOff(node: SimulatedNode): Promise<void> {
    this.#tell(node, 'shall go')
    await this.#until(() => cordon(this.#cluster, node.id, true))
    await this.#until(() => this.#isDrained(node.id))
    this.#tell(node, 'goes')
    this.#world.simulation.dismiss(node)
    void node.stop()
    for (let waitedMs = 0; node.isRunning; waitedMs += LOOK_MS) {
      if (waitedMs >= STOP_MS_MAX) node.kill()
      await this.#cluster.pause(LOOK_MS)
    }
    await this.#until(() => this.#isGone(node.id))
    this.#tell(node, 'is gone')
  }

  async #votes({ id, host }: SimulatedNode): Promise<boolean> {
    const { quorum } = await quorumOf(this.#cluster)
    if (quorum.currentVoters.some(({ replicaId }) => replicaId === id)) return true
    return await addNode(this.#cluster, { id, host, port: CONTROLLER_PORT })
  }

  /** A replica of each partition goes to the node, if all of them are in sync; true once it has one. */
  async #moveTo(node: number): Promise<boolean> {
    const partitions = await describePartitions(this.#cluster, TOPIC)
    if (partitions.some(({ replicaNodes }) => replicaNodes.includes(node))) return true
    const moves = partitions
      .filter(({ replicaNodes, isrNodes }) => isrNodes.length === replicaNodes.length)
      .map(({ partitionIndex, replicaNodes }) => {
        const replaced = this.#random.pick(replicaNodes)
        const replicas = replicaNodes.map((replica) => (replica === replaced ? node : replica))
        return { topic: TOPIC, partition: partitionIndex, replicas }
      })
    await reassign(this.#cluster, moves)
    return moves.length > 0
  }

  /** Moves what it holds away; true when it holds nothing. */
  async #isDrained(node: number): Promise<boolean> {
    const moves = await drainPlan(this.#cluster, node)
    if (moves.length > 0) {
      const asked = moves.map(({ topic, partition, target }) => ({ topic, partition, replicas: target }))
      await reassign(this.#cluster, asked, true)
    }
    const topics = await describeTopics(this.#cluster, null)
    return !topics.some(({ partitions }) =>
      partitions.some(({ replicaNodes }) => replicaNodes.includes(node)),
    )
  }

  async #isGone(node: number): Promise<boolean> {
    if (!(await this.#isDrained(node)) || !(await removeNode(this.#cluster, node))) return false
    const { quorum } = await quorumOf(this.#cluster)
    return !quorum.currentVoters.some(({ replicaId }) => replicaId === node)
  }

  #pause(): Promise<void> {
    return this.#cluster.pause(this.#random.between(0, BETWEEN_MS_MAX))
  }

  #tell({ host }: SimulatedNode, what: string): void {
    this.#world.simulation.transcript.note('operator', `${host} ${what}`)
  }

  /** Asks again and again until that is so; what cannot be asked now is not so. */
  async #until(isSo: () => Promise<boolean>): Promise<void> {
    for (;;) {
      try {
        if (await isSo()) return
      } catch (error) {
        if (!(error instanceof ClientError || error instanceof TooFewBrokers)) throw error
      }
      await this.#cluster.pause(LOOK_MS)
    }
  }
}
