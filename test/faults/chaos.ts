/**
 * Three real brokers under every fault that a process can have, again and again, held to what they acknowledged.
 *
 *   node test/faults/chaos.ts --minutes 60 [--seed N]
 *
 * Faults: SIGKILL of one node or of all at once, SIGSTOP for one to some seconds, clean stops, a wiped disk. Load:
 * producers with acks=all, idempotent and not, committed offsets, topics made and deleted, producer ids; and stock kafkajs
 * with idempotent producers and consumer groups. After each round all heals, and the cluster is compared with what was
 * acknowledged; at the end the replicas' files are compared byte by byte.
 */
import { rmSync } from 'node:fs'
import { BrokerCluster } from '../cluster/broker-cluster.ts'
import { ClusterLoad, LOADED_TOPICS } from './cluster-load.ts'
import { dice } from './dice.ts'
import { compareReplicas, healed } from './healed-cluster.ts'
import { conclude, isProgram, numberArgument, pause } from './script.ts'

const NODES = 3
const SETTINGS = { 'offsets.topic.num.partitions': '4' }
/** A client gives up on a node that is frozen for longer. */
const REQUEST_TIMEOUT_MS = 10_000

export interface ChaosReport {
  readonly faults: ReadonlyMap<string, number>
  readonly summary: readonly string[]
  readonly violations: readonly string[]
}

class Chaos {
  readonly #cluster: BrokerCluster
  readonly #random: () => number
  readonly counts = new Map<string, number>()

  constructor(cluster: BrokerCluster, seed: number) {
    this.#cluster = cluster
    this.#random = dice(seed)
  }

  #between(least: number, most: number): number {
    return least + this.#random() * (most - least)
  }

  #node(): number {
    return 1 + Math.floor(this.#random() * NODES)
  }

  /** One fault, from its beginning to its end. */
  async strike(): Promise<void> {
    const faults = [
      ['kill', () => this.#kill()],
      ['kill', () => this.#kill()],
      ['freeze', () => this.#freeze()],
      ['freeze', () => this.#freeze()],
      ['stop', () => this.#stop()],
      ['kill all', () => this.#killAll()],
      ['wipe', () => this.#wipe()],
      ['kill two', () => this.#killTwo()],
    ] as const
    const chosen = faults[Math.floor(this.#random() * faults.length)] ?? faults[0]
    this.counts.set(chosen[0], (this.counts.get(chosen[0]) ?? 0) + 1)
    await chosen[1]()
  }

  async #kill(): Promise<void> {
    const node = this.#node()
    await this.#cluster.kill(node)
    await pause(this.#between(0, 4_000))
    await this.#cluster.startNode(node)
  }

  async #killTwo(): Promise<void> {
    const spared = this.#node()
    const struck = [1, 2, 3].filter((node) => node !== spared)
    await Promise.all(struck.map((node) => this.#cluster.kill(node)))
    await pause(this.#between(0, 2_000))
    await Promise.all(struck.map((node) => this.#cluster.startNode(node)))
  }

  async #killAll(): Promise<void> {
    await Promise.all([1, 2, 3].map((node) => this.#cluster.kill(node)))
    await Promise.all([1, 2, 3].map((node) => this.#cluster.startNode(node)))
  }

  async #freeze(): Promise<void> {
    const node = this.#node()
    this.#cluster.signal(node, 'SIGSTOP')
    await pause(this.#between(300, 8_000))
    this.#cluster.signal(node, 'SIGCONT')
  }

  async #stop(): Promise<void> {
    const node = this.#node()
    await this.#cluster.kill(node, 'SIGTERM')
    await pause(this.#between(0, 1_000))
    await this.#cluster.startNode(node)
  }

  /** The disk is lost with all that was on it; the others have everything. */
  async #wipe(): Promise<void> {
    const node = this.#node()
    await this.#cluster.kill(node)
    rmSync(this.#cluster.dataDirectory(node), { recursive: true, force: true })
    await this.#cluster.startNode(node)
  }
}

/** Runs rounds until the time is over, or `rounds` of them are done; `told` hears of each. */
export async function runChaos(
  options: { readonly minutes: number; readonly rounds: number; readonly seed: number },
  told: (line: string) => void,
): Promise<ChaosReport> {
  const cluster = await BrokerCluster.start({ settings: SETTINGS })
  const violations: string[] = []
  let load: ClusterLoad | null = null
  try {
    const chaos = new Chaos(cluster, options.seed)
    load = await ClusterLoad.open(cluster, REQUEST_TIMEOUT_MS)
    const untilMs = performance.now() + options.minutes * 60_000
    for (
      let round = 1;
      round <= options.rounds && performance.now() < untilMs && violations.length === 0;
      round++
    ) {
      await pause(500)
      await chaos.strike()
      await pause(500)
      await healed(cluster)
      await load.compare(violations)
      if (round % 10 === 0) told(`round ${round}: ${load.summary.join('; ')}`)
      load.resume()
    }
    await load.close(violations)
    await healed(cluster)
    compareReplicas(cluster, LOADED_TOPICS, violations)
    return { faults: chaos.counts, summary: load.summary, violations }
  } catch (error) {
    for (const node of cluster.runningNodes)
      told(`node ${node}: ${cluster.node(node).errors().split('\n').slice(-12).join('\n')}`)
    for (const line of load?.logged ?? []) told(`client: ${line}`)
    throw error
  } finally {
    await cluster.close()
  }
}

if (isProgram(import.meta.url)) {
  const seed = numberArgument('seed', 1)
  const options = { minutes: numberArgument('minutes', 5), rounds: numberArgument('rounds', 1_000_000), seed }
  const report = await runChaos(options, (line) => console.log(line))
  console.log([...report.faults].map(([name, count]) => `${count} × ${name}`).join(', '))
  for (const line of report.summary) console.log(line)
  conclude(
    report.violations,
    'nothing acknowledged was lost, doubled, reordered or undone, and replicas are equal',
  )
}
