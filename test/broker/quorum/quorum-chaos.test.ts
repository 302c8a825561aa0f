import { describe, expect, it } from 'vitest'
import {
  configNames,
  largeSetting,
  QuorumCluster,
  type QuorumNode,
  setting,
} from './support/quorum-cluster.ts'

const SEEDS = 15
const ROUNDS = 14

/** One life of a cluster under faults that follow from the seed alone; throws when a promise is broken. */
class Chaos {
  readonly cluster: QuorumCluster
  readonly acknowledged: string[] = []
  readonly #leaders = new Map<number, number>()
  #count = 0

  constructor(seed: number) {
    this.cluster = new QuorumCluster({ seed, bytesBetweenSnapshots: seed % 2 === 0 ? 1_500 : 1e9 })
  }

  #node(): QuorumNode {
    return this.cluster.node(1 + this.cluster.roll(4))
  }

  /** Time passes under load. */
  async load(ms: number): Promise<void> {
    const { cluster } = this
    for (let passed = 0; passed < ms; passed++) {
      await cluster.tick()
      for (const { id, quorum } of cluster.up) {
        expect(quorum.failure).toBeNull()
        if (!quorum.isActive) continue
        expect(this.#leaders.get(quorum.activeEpoch) ?? id).toBe(id)
        this.#leaders.set(quorum.activeEpoch, id)
        if (cluster.roll(8) === 0) this.#submit(quorum)
      }
    }
  }

  #submit(quorum: QuorumNode['quorum']): void {
    const name = `c${String(this.#count++).padStart(5, '0')}`
    quorum
      .submit(this.cluster.roll(40) === 0 ? largeSetting(name) : setting(name))
      .then(() => this.acknowledged.push(name))
      .catch(() => {})
  }

  async fault(): Promise<void> {
    const { cluster } = this
    const node = this.#node()
    const other = this.#node()
    switch (cluster.roll(9)) {
      case 0:
        node.kill()
        break
      case 1:
        node.kill(cluster.roll)
        break
      case 2:
        for (const one of cluster.up) one.kill(cluster.roll)
        break
      case 3:
        if (node !== other) cluster.cut(node, other)
        break
      case 4:
        if (node !== other) cluster.cutOneWay(node, other)
        break
      case 5:
        cluster.network.heal()
        break
      case 6:
        node.disk.capacityBytes = node.disk.usedBytes() + cluster.roll(3_000)
        break
      case 7:
        for (const one of cluster.up) one.disk.capacityBytes = Number.POSITIVE_INFINITY
        break
      default:
        if (node.isUp && cluster.up.length > 2) await node.stop()
    }
    if (cluster.roll(3) > 0) for (const id of [1, 2, 3, 4]) await this.#start(cluster.node(id))
  }

  async #start(node: QuorumNode): Promise<void> {
    if (node.isUp) return
    node.disk.capacityBytes = Number.POSITIVE_INFINITY
    await node.start()
  }

  /** All is well again: everybody serves the same, and everything that was acknowledged. */
  async end(): Promise<void> {
    const { cluster } = this
    cluster.network.heal()
    for (const id of [1, 2, 3, 4]) {
      cluster.node(id).disk.capacityBytes = Number.POSITIVE_INFINITY
      await this.#start(cluster.node(id))
    }
    // A vote from before the end may still depose the leader of now; after that, one leads on.
    await cluster.run(3_000)
    await cluster.until(() => cluster.leader() !== null, 'a leader at the end')
    await cluster.set('last')
    await cluster.until(
      () => cluster.up.every((node) => node.quorum.appliedOffset === cluster.theLeader.log.logEndOffset),
      'all have caught up',
    )
    for (const node of cluster.up) {
      expect(configNames(node)).toEqual(configNames(cluster.theLeader))
      expect(configNames(node)).toEqual(expect.arrayContaining(this.acknowledged))
    }
    for (const node of cluster.up) node.kill()
  }
}

describe('the quorum under faults', () => {
  it('loses nothing that it acknowledged, and has one controller in each epoch', async () => {
    let acknowledged = 0
    for (let seed = 1; seed <= SEEDS; seed++) {
      const chaos = new Chaos(seed)
      try {
        for (const id of [1, 2, 3, 4]) await chaos.cluster.node(id).start()
        for (let round = 0; round < ROUNDS; round++) {
          await chaos.load(50 + chaos.cluster.roll(400))
          await chaos.fault()
        }
        await chaos.end()
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error })
      }
      acknowledged += chaos.acknowledged.length
    }
    expect(acknowledged).toBeGreaterThan(SEEDS * 20)
  })
})
