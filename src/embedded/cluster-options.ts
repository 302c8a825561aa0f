/**
 * What a test may ask of a cluster, and what is assumed where it asks nothing.
 *
 * The assumptions suit tests: everything is replicated as far as there are nodes, a group's first rebalance waits for
 * nobody, internal topics are small. Whatever a test sets itself goes before them.
 */
import type { LinkDelays } from '../simulation/virtual-links.ts'

export interface TopicOptions {
  readonly name: string
  /** 1, unless told. */
  readonly partitions?: number
  /** As many as there are nodes, 3 at most, unless told. */
  readonly replicationFactor?: number
  /** By Kafka's names. */
  readonly configs?: Readonly<Record<string, SettingValue>>
}

export type SettingValue = string | number | boolean

export interface InitialRecord {
  readonly key?: string | Buffer | null
  readonly value: string | Buffer | null
  readonly headers?: Readonly<Record<string, string>>
  readonly partition?: number
  readonly timestampMs?: number
}

/** How long something is under way between nodes, in milliseconds: a name, or bounds between which it is drawn. */
export type Latency = keyof typeof latencies | Pick<LinkDelays, 'leastMs' | 'mostMs'>

export interface TestClusterOptions {
  /** Brokers that all vote; 1, unless told. */
  readonly nodes?: number
  /** Made before the start is over. */
  readonly topics?: readonly (string | TopicOptions)[]
  /** Settings of the brokers, by Kafka's names. */
  readonly configs?: Readonly<Record<string, SettingValue>>
  /** By topic; there before the start is over. A topic that is not among `topics` is made on first use. */
  readonly records?: Readonly<Record<string, readonly (string | InitialRecord)[]>>
  /** Of what is left to chance: ids, election time-outs, latencies. */
  readonly seed?: number
  readonly latency?: Latency
}

/** Where nodes keep their data: in memory, or in a temporary folder, which is gone when the cluster is closed. */
export type StorageKind = 'memory' | 'folder'

const latencies = {
  none: { leastMs: 0, mostMs: 0 },
  /** One rack. */
  lan: { leastMs: 0.1, mostMs: 0.5 },
  /** Data centres of one region. */
  region: { leastMs: 0.5, mostMs: 3 },
  /** Two continents. */
  wan: { leastMs: 40, mostMs: 60 },
} as const

const NODES_MAX = 9
const REPLICAS_MAX = 3

export function nodeCount({ nodes = 1 }: TestClusterOptions): number {
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > NODES_MAX)
    throw new RangeError(`nodes: ${nodes} is not a whole number from 1 to ${NODES_MAX}`)
  return nodes
}

export function replicaCount(options: TestClusterOptions): number {
  return Math.min(REPLICAS_MAX, nodeCount(options))
}

export function delaysOf({ latency = 'none' }: TestClusterOptions): LinkDelays {
  if (typeof latency === 'string' && !Object.hasOwn(latencies, latency))
    throw new RangeError(`latency: "${latency}" is none of ${Object.keys(latencies).join(', ')}`)
  const { leastMs, mostMs } = typeof latency === 'string' ? latencies[latency] : latency
  if (!(leastMs >= 0 && mostMs >= leastMs)) throw new RangeError('latency: leastMs must not be above mostMs')
  return { leastMs, mostMs, slowShare: 0 }
}

/** The settings of every broker. */
export function brokerSettings(options: TestClusterOptions): Record<string, string> {
  const replicas = String(replicaCount(options))
  return {
    'default.replication.factor': replicas,
    'min.insync.replicas': nodeCount(options) >= REPLICAS_MAX ? '2' : '1',
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': '1',
    'group.initial.rebalance.delay.ms': '0',
    // Each look is a step of a leap over days.
    'log.cleaner.backoff.ms': '300000',
    ...spelled(options.configs ?? {}),
  }
}

/** Settings as Kafka writes them. */
export function spelled(settings: Readonly<Record<string, SettingValue>>): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)]))
}
