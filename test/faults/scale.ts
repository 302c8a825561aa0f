/**
 * What many partitions cost: time to make them, memory and CPU of nodes that have nothing to do, how long a node that dies
 * is missed, and how long it takes to come back. At a quarter, a half and the whole count; all of it should grow linearly.
 *
 *   node test/faults/scale.ts [--one 10000] [--three 1000] [--at-once]     (Linux: it reads /proc; 0 leaves a scene out)
 *
 * `--one`: so many partitions with one replica on one node. `--three`: so many with three replicas on three nodes.
 * `--at-once`: all are made by one request, rather than some hundreds each.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createTopics } from '../../src/protocol/messages/create-topics.ts'
import { metadata } from '../../src/protocol/messages/metadata.ts'
import { BrokerCluster } from '../cluster/broker-cluster.ts'
import { RawConnection } from '../cluster/raw-connection.ts'
import { GapWriter } from './gap-writer.ts'
import { isProgram, numberArgument, pause, until } from './script.ts'

const TOPIC_PARTITIONS = 50
const TOPICS_PER_REQUEST = process.argv.includes('--at-once') ? Number.POSITIVE_INFINITY : 10
const SAMPLE = 'sample'
const SAMPLE_PARTITIONS = 9
const SETTLE_MS = 4_000
const IDLE_MS = 15_000
const WAIT_MS_MAX = 180_000
const CLOCK_TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/** What was measured at one count, by name; the names end in their units. */
export type Costs = Readonly<Record<string, number>>

const average = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

function residentMiB(pid: number): number {
  const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kib) / 1_024
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND
}

class Scene {
  readonly #cluster: BrokerCluster
  readonly #nodes: number
  readonly #partitions: number

  constructor(cluster: BrokerCluster, nodes: number, partitions: number) {
    this.#cluster = cluster
    this.#nodes = nodes
    this.#partitions = partitions
  }

  async measure(): Promise<Costs> {
    const createS = await this.#create()
    await pause(SETTLE_MS)
    const idle = await this.#idle()
    const victim = this.#nodes
    if (this.#nodes > 1) {
      const failover = await this.#failover(victim)
      return { createS, ...idle, ...failover, backInEveryIsrS: await this.#restart(victim) }
    }
    await this.#cluster.kill(victim)
    return { createS, ...idle, restartS: await this.#restart(victim) }
  }

  /** Until every partition has a leader, as the node tells that was asked. */
  async #create(): Promise<number> {
    const connection = await RawConnection.open(this.#cluster.portOf(1))
    const startedMs = performance.now()
    const topics = [
      { name: SAMPLE, numPartitions: SAMPLE_PARTITIONS },
      ...Array.from(
        { length: Math.ceil((this.#partitions - SAMPLE_PARTITIONS) / TOPIC_PARTITIONS) },
        (_, index) => ({
          name: `many-${index}`,
          numPartitions: Math.min(
            TOPIC_PARTITIONS,
            this.#partitions - SAMPLE_PARTITIONS - index * TOPIC_PARTITIONS,
          ),
        }),
      ),
    ]
    for (let first = 0; first < topics.length; first += TOPICS_PER_REQUEST) {
      const answer = await connection.request(createTopics, 7, {
        topics: topics.slice(first, first + TOPICS_PER_REQUEST).map((topic) => ({
          ...topic,
          replicationFactor: this.#nodes,
          assignments: [],
          configs: [],
        })),
        timeoutMs: WAIT_MS_MAX,
      })
      const refused = answer.topics.find(({ errorCode }) => errorCode !== 0)
      if (refused !== undefined) throw new Error(`${refused.name}: ${refused.errorMessage}`)
    }
    connection.close()
    await this.#until('every partition led', 1, ({ leaderId }) => leaderId > 0)
    return (performance.now() - startedMs) / 1_000
  }

  async #idle(): Promise<Costs> {
    const pids = this.#cluster.runningNodes.map((node) => this.#cluster.node(node).process.pid ?? 0)
    const before = pids.map(cpuSeconds)
    await pause(IDLE_MS)
    const used = pids.map((pid, index) => cpuSeconds(pid) - (before[index] ?? 0))
    return {
      residentMiB: average(pids.map(residentMiB)),
      idleCpuPercent: (average(used) / (IDLE_MS / 1_000)) * 100,
    }
  }

  async #failover(victim: number): Promise<Costs> {
    const writers = Array.from(
      { length: SAMPLE_PARTITIONS },
      (_, partition) => new GapWriter(this.#cluster, SAMPLE, partition, () => 0),
    )
    const loops = writers.map((writer) => writer.run())
    await pause(1_000)
    const struckMs = performance.now()
    await this.#cluster.kill(victim)
    await this.#until('every partition led again', 1, ({ leaderId }) => leaderId > 0 && leaderId !== victim)
    const allLedMs = performance.now() - struckMs
    await pause(1_000)
    const endMs = performance.now()
    for (const writer of writers) writer.stop()
    await Promise.all(loops)
    return {
      longestGapMs: Math.max(...writers.map((writer) => writer.acknowledged.gapMs(struckMs, endMs))),
      allLedMs,
    }
  }

  /** Until the node itself tells that every partition has every replica in sync. */
  async #restart(node: number): Promise<number> {
    const startedMs = performance.now()
    await this.#cluster.startNode(node)
    await this.#until(
      'back in every ISR',
      node,
      ({ leaderId, isrNodes }) => leaderId > 0 && isrNodes.length === this.#nodes,
    )
    return (performance.now() - startedMs) / 1_000
  }

  /** Until that node tells this of every partition. */
  async #until(
    what: string,
    node: number,
    holds: (partition: { readonly leaderId: number; readonly isrNodes: readonly number[] }) => boolean,
  ): Promise<void> {
    await until(what, WAIT_MS_MAX, async () => {
      const connection = await RawConnection.open(this.#cluster.portOf(node))
      const answer = await connection.request(metadata, 12, { topics: null })
      connection.close()
      const partitions = answer.topics
        .filter(({ name }) => name === SAMPLE || name?.startsWith('many-'))
        .flatMap((topic) => topic.partitions)
      return partitions.length === this.#partitions && partitions.every(holds) ? true : null
    })
  }
}

/** Measures at a quarter, a half and the whole count, each on a cluster of its own. */
export async function measureScale(
  nodes: number,
  partitions: number,
  tell: (line: string) => void,
): Promise<Costs[]> {
  const results: Costs[] = []
  for (const count of [partitions / 4, partitions / 2, partitions]) {
    const cluster = await BrokerCluster.start({ nodes })
    try {
      const costs = await new Scene(cluster, nodes, count).measure()
      const half = results.at(-1)
      const told = Object.entries(costs).map(([name, value]) => {
        const ratio = half === undefined ? '' : ` (${(value / (half[name] ?? Number.NaN)).toFixed(2)} ×)`
        return `${name} ${value.toFixed(value < 10 ? 2 : 0)}${ratio}`
      })
      tell(`${count} partitions × ${nodes} replicas: ${told.join(', ')}`)
      results.push(costs)
    } finally {
      await cluster.close()
    }
  }
  return results
}

if (isProgram(import.meta.url)) {
  const tell = (line: string): void => console.log(line)
  tell('in brackets: the ratio to half as many partitions')
  const one = numberArgument('one', 10_000)
  const three = numberArgument('three', 1_000)
  if (one > 0) await measureScale(1, one, tell)
  if (three > 0) await measureScale(3, three, tell)
}
