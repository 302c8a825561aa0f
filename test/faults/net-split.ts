/**
 * Three real brokers in networks of their own that are cut in every way, held to what they acknowledged.
 *
 *   node test/faults/net-split.ts --minutes 15 [--seed N] [--log debug]    (root, Linux: network namespaces)
 *
 * Cuts: one node from the others, with or without the clients; only what comes to it, or only what leaves it; all nodes
 * from each other but not from the clients; two nodes from each other while the third sees both. During a cut a node may be
 * killed and started. Load and judgement are those of `ClusterLoad`; after each round all heals, every node must tell the same, and at
 * the end the replicas' files are compared byte by byte. With `--log` the nodes' own words are printed at the end too.
 */
import { BrokerCluster } from '../cluster/broker-cluster.ts'
import { ClusterLoad, LOADED_TOPICS } from './cluster-load.ts'
import { dice } from './dice.ts'
import { agreed, compareReplicas, healed } from './healed-cluster.ts'
import { type Direction, NodeNetworks, whyNoNetworks } from './node-networks.ts'
import { conclude, isProgram, numberArgument, pause } from './script.ts'

const NODE_IDS = [1, 2, 3] as const
const SETTINGS = { 'offsets.topic.num.partitions': '4' }
/** A client that waits for a node behind a cut asks again soon. */
const REQUEST_TIMEOUT_MS = 4_000
const BOTH: readonly Direction[] = ['in', 'out']

export interface NetSplitReport {
  readonly rounds: number
  readonly faults: ReadonlyMap<string, number>
  readonly summary: readonly string[]
  /** Longest and mean time from the end of a fault until every replica was in sync again. */
  readonly healMs: { readonly worst: number; readonly mean: number }
  readonly violations: readonly string[]
}

class Splits {
  readonly #cluster: BrokerCluster
  readonly #networks: NodeNetworks
  readonly #random: () => number
  readonly counts = new Map<string, number>()

  constructor(cluster: BrokerCluster, networks: NodeNetworks, seed: number) {
    this.#cluster = cluster
    this.#networks = networks
    this.#random = dice(seed)
  }

  #between(least: number, most: number): number {
    return least + this.#random() * (most - least)
  }

  #node(): number {
    return 1 + Math.floor(this.#random() * NODE_IDS.length)
  }

  /** One fault, from its beginning to its end; answers what it was. */
  async strike(): Promise<string> {
    const node = this.#node()
    const others = NODE_IDS.filter((other) => other !== node)
    const cuts = [
      ['alone', () => this.#networks.cut(node, others, BOTH)],
      ['alone, without clients', () => this.#alone(node, others, BOTH)],
      ['deaf', () => this.#networks.cut(node, others, ['in'])],
      ['deaf, also to clients', () => this.#alone(node, others, ['in'])],
      ['mute', () => this.#networks.cut(node, others, ['out'])],
      ['mute, also to clients', () => this.#alone(node, others, ['out'])],
      ['each for itself', () => this.#eachForItself()],
      ['two apart', () => this.#networks.cut(node, others.slice(0, 1), BOTH)],
    ] as const
    const [name, cut] = cuts[Math.floor(this.#random() * cuts.length)] ?? cuts[0]
    const kills = this.#random() < 0.3
    const killed = this.#node()
    this.#count(name)
    cut()
    if (kills) await this.#killDuring(killed)
    else await pause(this.#between(300, 9_000))
    return `${name}, node ${node}${kills ? `, node ${killed} killed` : ''}`
  }

  #count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1)
  }

  #alone(node: number, others: readonly number[], directions: readonly Direction[]): void {
    this.#networks.cut(node, others, directions)
    this.#networks.cutClients(node, directions)
  }

  #eachForItself(): void {
    for (const node of NODE_IDS)
      this.#networks.cut(
        node,
        NODE_IDS.filter((other) => other !== node),
        BOTH,
      )
  }

  /** A node dies behind the cut and starts there; it may be up only when the cut has ended. */
  async #killDuring(node: number): Promise<void> {
    this.#count('SIGKILL during a cut')
    await pause(this.#between(0, 4_000))
    await this.#cluster.kill(node)
    await pause(this.#between(0, 2_000))
    const started = this.#cluster.startNode(node)
    await pause(this.#between(0, 3_000))
    this.#networks.heal()
    await started
  }
}

/** Rounds until the time is over, or `rounds` of them are done, or something is wrong. */
async function runRounds(
  options: { readonly minutes: number; readonly rounds: number; readonly seed: number },
  cluster: BrokerCluster,
  networks: NodeNetworks,
  told: (line: string) => void,
): Promise<NetSplitReport> {
  const violations: string[] = []
  const healMs: number[] = []
  const splits = new Splits(cluster, networks, options.seed)
  const load = await ClusterLoad.open(cluster, REQUEST_TIMEOUT_MS)
  const untilMs = performance.now() + options.minutes * 60_000
  let round = 0
  while (round < options.rounds && performance.now() < untilMs && violations.length === 0) {
    round++
    await pause(500)
    const struckMs = performance.now()
    const fault = await splits.strike()
    networks.heal()
    const healedFromMs = performance.now()
    await pause(300)
    await healed(cluster)
    healMs.push(performance.now() - healedFromMs)
    await load.compare(violations, () => agreed(cluster))
    const cutMs = healedFromMs - struckMs
    told(
      `round ${round}: ${fault}; ${cutMs.toFixed(0)} ms, healed after ${healMs.at(-1)?.toFixed(0)} ms; ${load.summary.join('; ')}`,
    )
    load.resume()
  }
  if (violations.length === 0) {
    await load.close(violations)
    await agreed(cluster)
    compareReplicas(cluster, LOADED_TOPICS, violations)
  }
  const mean = healMs.reduce((sum, ms) => sum + ms, 0) / Math.max(1, healMs.length)
  return {
    rounds: round,
    faults: splits.counts,
    summary: load.summary,
    healMs: { worst: Math.max(0, ...healMs), mean },
    violations,
  }
}

/** Runs on networks of its own, which are removed afterwards; `told` hears of each round. */
export async function runNetSplits(
  options: {
    readonly minutes: number
    readonly rounds: number
    readonly seed: number
    readonly settings?: Readonly<Record<string, string>>
  },
  told: (line: string) => void,
): Promise<NetSplitReport> {
  const networks = new NodeNetworks(NODE_IDS.length)
  let cluster: BrokerCluster | null = null
  const tellErrors = (): void => {
    for (const node of cluster?.runningNodes ?? [])
      told(`node ${node}: ${cluster?.node(node).errors().split('\n').slice(-400).join('\n')}`)
  }
  try {
    cluster = await BrokerCluster.start({
      places: NODE_IDS.map((node) => ({
        host: networks.hostOf(node),
        launcher: networks.launcherOf(node),
      })),
      settings: { ...SETTINGS, ...options.settings },
    })
    const report = await runRounds(options, cluster, networks, told)
    if (report.violations.length > 0 || options.settings !== undefined) tellErrors()
    return report
  } catch (error) {
    tellErrors()
    throw error
  } finally {
    networks.heal()
    await cluster?.close()
    networks.remove()
  }
}

if (isProgram(import.meta.url)) {
  const problem = whyNoNetworks()
  if (problem !== null) {
    console.log(`networks cannot be cut here: ${problem}`)
    process.exit(2)
  }
  const at = process.argv.indexOf('--log')
  const report = await runNetSplits(
    {
      minutes: numberArgument('minutes', 15),
      rounds: numberArgument('rounds', 1_000_000),
      seed: numberArgument('seed', 1),
      ...(at < 0 ? {} : { settings: { 'log.level': process.argv[at + 1] ?? 'info' } }),
    },
    (line) => console.log(line),
  )
  console.log(
    `${report.rounds} rounds: ${[...report.faults].map(([name, count]) => `${count} × ${name}`).join(', ')}`,
  )
  console.log(
    `whole again after ${report.healMs.mean.toFixed(0)} ms in the mean, ${report.healMs.worst.toFixed(0)} at worst`,
  )
  for (const line of report.summary) console.log(line)
  conclude(
    report.violations,
    'nothing acknowledged was lost, doubled, reordered or undone, and replicas are equal',
  )
}
