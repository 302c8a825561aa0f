/** Images to decide on: brokers that stand, topics that exist. */
import { type Applied, apply } from '../../../src/coordination/metadata/apply.ts'
import { bootstrapRecords } from '../../../src/coordination/metadata/decide/bootstrap.ts'
import { decideBrokerHeartbeat } from '../../../src/coordination/metadata/decide/broker-heartbeat.ts'
import { decideCreateTopics } from '../../../src/coordination/metadata/decide/create-topics.ts'
import { decideRegisterBroker } from '../../../src/coordination/metadata/decide/register-broker.ts'
import { supportedFeatures } from '../../../src/coordination/metadata/features.ts'
import { emptyImage, type MetadataImage } from '../../../src/coordination/metadata/image.ts'
import type { MetadataRecord } from '../../../src/coordination/metadata/record.ts'
import { OrderedMap } from '../../../src/coordination/ordered-map.ts'

export const CLUSTER_ID = 'Kq_BP5tmQY-nJyA90Dr32w'
export const node = { nodeId: 1, statics: new Map<string, string>() }

/** An id of 22 characters that tells its number. */
export function uuid(n: number): string {
  return Buffer.from(n.toString(16).padStart(32, '0'), 'hex').toString('base64url')
}

/** The image after `records`, which must fit. */
export function applied(image: MetadataImage, records: readonly MetadataRecord[]): MetadataImage {
  return fitting(image, records).image
}

/** The whole outcome of applying `records`, which must fit. */
export function fitting(
  image: MetadataImage,
  records: readonly MetadataRecord[],
): Extract<Applied, { readonly ok: true }> {
  const outcome = apply(image, records)
  if (!outcome.ok) throw new Error(`${outcome.problem.type}: ${outcome.problem.reason}`)
  return outcome
}

/** A registration as a broker's process sends it. */
export function registration(brokerId: number, incarnation: number, rack: string | null = null) {
  return {
    brokerId,
    clusterId: CLUSTER_ID,
    incarnationId: uuid(incarnation),
    listeners: [{ name: 'PLAINTEXT', host: `host-${brokerId}`, port: 9092, securityProtocol: 0 }],
    features: supportedFeatures.map(({ name, min, max }) => ({
      name,
      minSupportedVersion: min,
      maxSupportedVersion: max,
    })),
    rack,
    isMigratingZkBroker: false,
    logDirs: [uuid(1000 + brokerId)],
    previousBrokerEpoch: -1n,
  }
}

export function heartbeat(
  brokerId: number,
  brokerEpoch: bigint,
  wants: { fence?: boolean; shutDown?: boolean; offset?: bigint } = {},
) {
  return {
    brokerId,
    brokerEpoch,
    currentMetadataOffset: wants.offset ?? 1_000_000n,
    wantFence: wants.fence ?? false,
    wantShutDown: wants.shutDown ?? false,
    offlineLogDirs: [],
    cordonedLogDirs: null,
  }
}

/** A cluster of active brokers 1 to `racks.length`, each on its rack, with epochs 1 to that number. */
export function cluster(...racks: readonly (string | null)[]): MetadataImage {
  let image = applied(emptyImage, bootstrapRecords(node))
  for (const [index, rack] of racks.entries()) {
    const id = index + 1
    const context = {
      clusterId: CLUSTER_ID,
      nextOffset: BigInt(id),
      hasLiveSession: false,
      relaxesFlushing: false,
      ...node,
    }
    image = applied(image, decideRegisterBroker(image, registration(id, id, rack), context).records)
    image = applied(image, decideBrokerHeartbeat(image, heartbeat(id, BigInt(id)), node).records)
  }
  return image
}

/** The same cluster with the feature of eligible leader replicas off. */
export function withoutEligible(image: MetadataImage): MetadataImage {
  const value = { name: 'eligible.leader.replicas.version', featureLevel: 0 }
  return applied(image, [{ type: 'FeatureLevelRecord', value }])
}

interface TopicOptions {
  partitions?: number
  factor?: number
  configs?: Readonly<Record<string, string | null>>
  assignments?: readonly (readonly number[])[]
}

/** A topic as CreateTopics asks for it. */
export function requestedTopic(name: string, options: TopicOptions = {}) {
  const { assignments = [] } = options
  const placed = assignments.length > 0
  return {
    name,
    numPartitions: options.partitions ?? (placed ? -1 : 1),
    replicationFactor: options.factor ?? (placed ? -1 : 1),
    assignments: assignments.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
    configs: Object.entries(options.configs ?? {}).map(([key, value]) => ({ name: key, value })),
  }
}

let ids = 5000

/** The decision to create these topics. */
export function creation(
  image: MetadataImage,
  topics: readonly ReturnType<typeof requestedTopic>[],
  validateOnly = false,
) {
  const topicIds = topics.map(() => uuid(ids++))
  return decideCreateTopics(image, { topics, timeoutMs: 1000, validateOnly }, { ...node, topicIds })
}

/** The image with one more topic. */
export function withTopic(image: MetadataImage, name: string, options: TopicOptions = {}): MetadataImage {
  const decision = creation(image, [requestedTopic(name, options)])
  const [topic] = decision.reply.topics
  if (topic?.errorCode !== 0) throw new Error(`${name}: ${topic?.errorMessage}`)
  return applied(image, decision.records)
}

/** An image as plain data, to compare two. */
export function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof OrderedMap) return [...value].map(plain)
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]))
}
