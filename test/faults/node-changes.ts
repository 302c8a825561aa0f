/**
 * Three real brokers whose partitions move, that are joined by a fourth and left by one of the first, while clients write.
 *
 *   node test/faults/node-changes.ts [--megabytes 1024] [--partitions 100]
 *
 * Moves every partition of a full topic; starts a fourth node and makes it a voter; drains, stops and removes the first;
 * kills each of the others in turn. No writer that retries may see an error, and what was acknowledged is compared with
 * what the cluster holds. Prints how long each step took.
 */
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { describeBrokers, quorumOf, reassign, unfinished } from '../../src/client/admin-cluster.ts'
import { createTopic, describeTopics } from '../../src/client/admin-topics.ts'
import type { Cluster } from '../../src/client/cluster.ts'
import { Producer } from '../../src/client/producer.ts'
import type { PartitionMove } from '../../src/client/reassignment-plan.ts'
import { BrokerCluster } from '../cluster/broker-cluster.ts'
import { ClusterLedger } from './cluster-ledger.ts'
import { readPartition } from './read-partition.ts'
import { conclude, isProgram, numberArgument, pause, until } from './script.ts'
import { connectTo, outcomeOf } from './test-client.ts'

const TOPIC = 'moved'
const RECORD_BYTES = 100_000
const RECORDS_AT_ONCE = 8
const WRITERS = 4
const RETRY_MS = 60_000
const STEP_MS_MAX = 120_000
const LEAVING = 1
const PROGRAM = resolve(import.meta.dirname, '../../bin/sluice.js')

export interface NodeChangesOptions {
  readonly partitions: number
  readonly megabytes: number
}

/** Fills a topic, goes on to write to it, and knows what must be in it: numbered records, none missing, none twice. */
class FilledTopic {
  readonly #cluster: Cluster
  readonly #producer: Producer
  readonly #acknowledged: number[]
  readonly errors: string[] = []
  #loops: Promise<void>[] = []
  #isStopped = false

  constructor(cluster: Cluster, partitions: number) {
    this.#cluster = cluster
    this.#producer = new Producer(cluster, { idempotent: true })
    this.#acknowledged = Array.from({ length: partitions }, () => 0)
  }

  get recordCount(): number {
    return this.#acknowledged.reduce((sum, count) => sum + count, 0)
  }

  /** Replicas lie on two of the nodes 1, 2 and 3. */
  async fill(megabytes: number): Promise<void> {
    const partitions = this.#acknowledged.length
    await createTopic(this.#cluster, { name: TOPIC, partitions, replicationFactor: 2, configs: {} })
    const rounds = Math.ceil((megabytes * 2 ** 20) / (partitions * RECORDS_AT_ONCE * RECORD_BYTES))
    const queue = this.#acknowledged.flatMap((_, partition) =>
      Array.from({ length: rounds }, () => partition),
    )
    const worker = async (index: number): Promise<void> => {
      for (const partition of queue.filter((one) => one % WRITERS === index))
        await this.#write(partition, RECORDS_AT_ONCE, RECORD_BYTES)
    }
    await Promise.all(Array.from({ length: WRITERS }, (_, index) => worker(index)))
  }

  /** A few small records to each partition in turn, until `stop`. */
  begin(): void {
    const loop = async (index: number): Promise<void> => {
      for (let partition = index; !this.#isStopped; partition = (partition + WRITERS) % this.#width)
        await this.#write(partition, 3, 200)
    }
    this.#loops = Array.from({ length: WRITERS }, (_, index) => loop(index))
  }

  /** A multiple of the writers, so that no two of them write to one partition. */
  get #width(): number {
    return Math.max(WRITERS, this.#acknowledged.length - (this.#acknowledged.length % WRITERS))
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all(this.#loops)
  }

  async compare(violations: string[]): Promise<void> {
    violations.push(...this.errors.map((error) => `a writer that retries saw ${error}`))
    for (const [partition, expected] of this.#acknowledged.entries()) {
      let next = 0
      await readPartition(this.#cluster, TOPIC, partition, 0, (value) => {
        const found = value?.toString('latin1', 0, 24).split(':', 2).join(':')
        if (found !== `${partition}:${next}`)
          violations.push(`${TOPIC}-${partition} holds ${found} where ${next} was written`)
        next++
      })
      if (next !== expected && this.errors.length === 0)
        violations.push(`${TOPIC}-${partition} holds ${next} records, ${expected} were acknowledged`)
    }
  }

  async #write(partition: number, count: number, sizeBytes: number): Promise<void> {
    const first = this.#acknowledged[partition] ?? 0
    const records = Array.from({ length: count }, (_, index) => {
      const value = Buffer.alloc(sizeBytes, 'x')
      value.write(`${partition}:${first + index}:`)
      return { partition, value }
    })
    const outcome = await outcomeOf(this.#producer.send(TOPIC, records))
    if (outcome === 'OK') {
      this.#acknowledged[partition] = first + count
      return
    }
    this.errors.push(`${outcome} from ${TOPIC}-${partition}`)
    await pause(100)
  }
}

/** One run, step by step. */
class NodeChanges {
  readonly #brokers: BrokerCluster
  readonly #admin: Cluster
  readonly #told: (line: string) => void

  constructor(brokers: BrokerCluster, admin: Cluster, told: (line: string) => void) {
    this.#brokers = brokers
    this.#admin = admin
    this.#told = told
  }

  async step(what: string, work: () => Promise<unknown>): Promise<void> {
    const beganMs = performance.now()
    const result = await work()
    const took = ((performance.now() - beganMs) / 1000).toFixed(1)
    this.#told(`${what}: ${took} s${typeof result === 'string' ? ` (${result})` : ''}`)
  }

  /** Gives every partition another node in the place of its leader. */
  async moveAll(): Promise<void> {
    const [topic] = await describeTopics(this.#admin, [TOPIC])
    const moves: PartitionMove[] = (topic?.partitions ?? []).map(({ partitionIndex, replicaNodes }) => {
      const other = [1, 2, 3].find((node) => !replicaNodes.includes(node)) ?? 0
      const target = [other, ...replicaNodes.slice(1)]
      return { topic: TOPIC, partition: partitionIndex, replicas: replicaNodes, target }
    })
    await reassign(
      this.#admin,
      moves.map((move) => ({ ...move, replicas: move.target })),
    )
    await until('all moves done', STEP_MS_MAX, async () => {
      const left = await this.#admin.retrying(() => unfinished(this.#admin, moves))
      return left.length === 0 ? true : null
    })
    const after = new Map(
      (await describeTopics(this.#admin, [TOPIC]))[0]?.partitions.map((one) => [one.partitionIndex, one]),
    )
    for (const { partition, target } of moves)
      if (after.get(partition)?.replicaNodes.join() !== target.join())
        throw new Error(`${TOPIC}-${partition} is on ${after.get(partition)?.replicaNodes}, not on ${target}`)
  }

  /** `sluice …` as a person runs it; throws with its words when it fails. */
  async sluice(...words: string[]): Promise<string> {
    const bootstrap = this.#brokers.runningNodes.map((node) => `127.0.0.1:${this.#brokers.portOf(node)}`)
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [PROGRAM, ...words, '--bootstrap', bootstrap.join(',')],
      { maxBuffer: 2 ** 26, timeout: STEP_MS_MAX },
    )
    return stdout.trim()
  }

  async #replicasOn(node: number): Promise<number> {
    const topics = await describeTopics(this.#admin, null)
    return topics
      .flatMap(({ partitions }) => partitions)
      .filter(({ replicaNodes }) => replicaNodes.includes(node)).length
  }

  /** Moves away what a node holds now; topics that are made meanwhile may still get a replica there. */
  async drain(node: number): Promise<string> {
    const held = await this.#replicasOn(node)
    await this.sluice('node', 'drain', String(node), '--execute')
    return `${held} replicas`
  }

  /** Once it is fenced nothing new comes to it. */
  async drainAll(node: number): Promise<string> {
    let rounds = 0
    await until(`node ${node} holds nothing`, STEP_MS_MAX, async () => {
      if ((await this.#replicasOn(node)) === 0) return true
      rounds++
      await this.drain(node)
      return null
    })
    return `${rounds} rounds`
  }

  /** Every partition has a leader, every voter and broker is one of `nodes`. */
  async holds(nodes: readonly number[], voters: readonly number[]): Promise<void> {
    await until(`a cluster of ${nodes}`, STEP_MS_MAX, async () => {
      try {
        const { quorum } = await quorumOf(this.#admin)
        const brokers = (await describeBrokers(this.#admin)).filter(({ isFenced }) => !isFenced)
        const ids = (list: readonly number[]): string => [...list].sort((a, b) => a - b).join()
        if (ids(quorum.currentVoters.map(({ replicaId }) => replicaId)) !== ids(voters)) return null
        if (ids(brokers.map(({ brokerId }) => brokerId)) !== ids(nodes)) return null
        const topics = await describeTopics(this.#admin, null)
        const isLed = topics.every(({ partitions }) => partitions.every(({ leaderId }) => leaderId > 0))
        return isLed ? true : null
      } catch {
        return null
      }
    })
  }

  /** Every replica is in sync. */
  async healed(): Promise<void> {
    await until('every replica in sync', STEP_MS_MAX, async () => {
      const topics = await describeTopics(this.#admin, null)
      const isWhole = topics.every(({ partitions }) =>
        partitions.every(({ isrNodes, replicaNodes }) => isrNodes.length === replicaNodes.length),
      )
      return isWhole ? true : null
    })
  }
}

async function runSteps(
  brokers: BrokerCluster,
  changes: NodeChanges,
  filled: FilledTopic,
  options: NodeChangesOptions,
): Promise<void> {
  await changes.step(`filled ${options.partitions} partitions with ${options.megabytes} MiB`, () =>
    filled.fill(options.megabytes),
  )
  filled.begin()
  await changes.step(`moved ${options.partitions} partitions`, () => changes.moveAll())
  let fourth = 0
  await changes.step('started a fourth node', async () => {
    fourth = await brokers.addNode()
    await changes.holds([1, 2, 3, fourth], [1, 2, 3])
  })
  await changes.step('made it a voter', async () => {
    const answer = await changes.sluice('node', 'add', String(fourth), brokers.quorumAddressOf(fourth))
    await changes.holds([1, 2, 3, fourth], [1, 2, 3, fourth])
    return answer
  })
  await changes.step(`drained node ${LEAVING}`, () => changes.drain(LEAVING))
  await changes.step(`stopped node ${LEAVING}`, () => brokers.kill(LEAVING, 'SIGTERM'))
  await changes.step('drained it of what came meanwhile', () => changes.drainAll(LEAVING))
  await changes.step(`removed node ${LEAVING}`, async () => {
    const answer = await changes.sluice('node', 'remove', String(LEAVING))
    await changes.holds([2, 3, fourth], [2, 3, fourth])
    return answer
  })
  for (const node of [2, 3, fourth]) {
    const others = [2, 3, fourth].filter((other) => other !== node)
    await changes.step(`killed node ${node}, the others lead everything`, async () => {
      await brokers.kill(node)
      await changes.holds(others, [2, 3, fourth])
      const before = filled.recordCount
      await until('records are acknowledged', STEP_MS_MAX, async () =>
        filled.recordCount > before + options.partitions * 3 ? true : null,
      )
    })
    await changes.step(`started it again, in sync`, async () => {
      await brokers.startNode(node)
      await changes.healed()
    })
  }
}

/** Runs all steps once; the answer is every promise that was broken. */
export async function runNodeChanges(
  options: NodeChangesOptions,
  told: (line: string) => void,
): Promise<readonly string[]> {
  const brokers = await BrokerCluster.start({ settings: { 'offsets.topic.num.partitions': '4' } })
  const violations: string[] = []
  const admin = connectTo(brokers.bootstrap, RETRY_MS)
  const writing = connectTo(brokers.bootstrap, RETRY_MS)
  try {
    const changes = new NodeChanges(brokers, admin, told)
    const filled = new FilledTopic(writing, options.partitions)
    const ledger = await ClusterLedger.open(brokers.bootstrap, 3)
    await runSteps(brokers, changes, filled, options)
    await pause(500)
    await filled.stop()
    await changes.step('compared', async () => {
      await ledger.close(violations)
      violations.push(...ledger.errorsOfPatient.map((error) => `a writer that retries saw ${error}`))
      await filled.compare(violations)
      return `${ledger.summary()}; ${filled.recordCount} records in ${TOPIC}`
    })
    return violations
  } catch (error) {
    for (const node of brokers.runningNodes)
      told(`node ${node}: ${brokers.node(node).errors().split('\n').slice(-12).join('\n')}`)
    throw error
  } finally {
    await admin.close()
    await writing.close()
    await brokers.close()
  }
}

if (isProgram(import.meta.url)) {
  const options = {
    partitions: numberArgument('partitions', 100),
    megabytes: numberArgument('megabytes', 1_024),
  }
  const violations = await runNodeChanges(options, (line) => console.log(line))
  conclude(violations, 'no error reached a client that retries, and nothing acknowledged was lost')
}
