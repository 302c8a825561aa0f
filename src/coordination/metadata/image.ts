/**
 * The metadata image: what every node knows of the cluster at one offset of the metadata log.
 *
 * Immutable; `apply` alone makes the next one, sharing all that did not change. It holds what the KRaft
 * records say and a few indexes derived from them (names, loads), and never a decision. Resources that no
 * decision looks into yet (ACLs, SCRAM users, delegation tokens) are kept as their records.
 */

import { OrderedMap } from '../ordered-map.ts'
import type {
  AccessControlEntryRecord,
  ClientQuotaRecord,
  DelegationTokenRecord,
  MetadataRecord,
  RegisterBrokerRecord,
  RegisterControllerRecord,
  UserScramCredentialRecord,
} from './record.ts'

/** One replica set and its leadership. */
export interface PartitionImage {
  readonly replicas: readonly number[]
  /** Log directory of each replica, in the order of `replicas`. */
  readonly directories: readonly string[]
  readonly isr: readonly number[]
  readonly removingReplicas: readonly number[]
  readonly addingReplicas: readonly number[]
  /** Replicas outside the ISR that hold everything up to the high watermark (KIP-966). */
  readonly eligibleLeaderReplicas: readonly number[]
  readonly lastKnownEligibleLeaderReplicas: readonly number[]
  /** Node id, or -1 while nobody may lead. */
  readonly leader: number
  /** 0 recovered, 1 recovering after an unclean election. */
  readonly leaderRecoveryState: number
  readonly leaderEpoch: number
  /** Grows with every change of the partition, leadership or not. */
  readonly partitionEpoch: number
}

/** A topic and its partitions, by number. */
export interface TopicImage {
  readonly name: string
  readonly id: string
  readonly partitions: OrderedMap<number, PartitionImage>
}

/** A registered broker; the fields that later records may change are those of its newest state. */
export interface BrokerImage {
  readonly id: number
  readonly epoch: bigint
  readonly incarnationId: string
  readonly endPoints: RegisterBrokerRecord['endPoints']
  readonly features: RegisterBrokerRecord['features']
  readonly rack: string | null
  readonly fenced: boolean
  readonly inControlledShutdown: boolean
  readonly directories: readonly string[]
  readonly cordonedDirectories: readonly string[]
}

/** Partitions that name a broker, counted as they change, so that placement need not scan the cluster. */
export interface BrokerLoad {
  readonly replicas: number
  readonly leaders: number
}

/** A resource that has configs: type (2 topic, 4 broker, 16 client metrics, 32 group) and name. */
export interface ConfigResource {
  readonly type: number
  readonly name: string
}

/** The configs that were set for one resource. */
export interface ResourceConfigs {
  readonly resource: ConfigResource
  readonly values: OrderedMap<string, string>
}

/** The quotas of one entity: user, client id, ip, or a pair. */
export interface EntityQuotas {
  readonly entity: ClientQuotaRecord['entity']
  readonly values: OrderedMap<string, number>
}

/** Producer ids: the next block starts at `nextProducerId`. */
export interface ProducerIdsImage {
  readonly brokerId: number
  readonly brokerEpoch: bigint
  readonly nextProducerId: bigint
}

export interface MetadataImage {
  /** Finalized level of each feature; a feature at level 0 has no entry. */
  readonly features: OrderedMap<string, number>
  readonly brokers: OrderedMap<number, BrokerImage>
  readonly controllers: OrderedMap<number, RegisterControllerRecord>
  readonly topics: OrderedMap<string, TopicImage>
  readonly topicIds: OrderedMap<string, string>
  /** Names with a dot or underscore, by what they are once both count as one. */
  readonly twinNames: OrderedMap<string, readonly string[]>
  readonly loads: OrderedMap<number, BrokerLoad>
  readonly configs: OrderedMap<string, ResourceConfigs>
  readonly producerIds: ProducerIdsImage
  readonly quotas: OrderedMap<string, EntityQuotas>
  readonly acls: OrderedMap<string, AccessControlEntryRecord>
  readonly scramUsers: OrderedMap<string, UserScramCredentialRecord>
  readonly delegationTokens: OrderedMap<string, DelegationTokenRecord>
  /** Records since BeginTransactionRecord: they take effect together, at its end, or not at all. */
  readonly openTransaction: readonly MetadataRecord[] | null
}

/** The image of a log without records. */
export const emptyImage: MetadataImage = {
  features: OrderedMap.empty(),
  brokers: OrderedMap.empty(),
  controllers: OrderedMap.empty(),
  topics: OrderedMap.empty(),
  topicIds: OrderedMap.empty(),
  twinNames: OrderedMap.empty(),
  loads: OrderedMap.empty(),
  configs: OrderedMap.empty(),
  producerIds: { brokerId: -1, brokerEpoch: -1n, nextProducerId: 0n },
  quotas: OrderedMap.empty(),
  acls: OrderedMap.empty(),
  scramUsers: OrderedMap.empty(),
  delegationTokens: OrderedMap.empty(),
  openTransaction: null,
}

/** The key of a resource's configs in an image. */
export function configResourceKey(resource: ConfigResource): string {
  return `${resource.type}:${resource.name}`
}

/** The configs set for a resource; an empty map when there are none. */
export function configsOf(image: MetadataImage, resource: ConfigResource): OrderedMap<string, string> {
  return image.configs.get(configResourceKey(resource))?.values ?? OrderedMap.empty()
}

/** The topic of that name, or undefined. */
export function topicByName(image: MetadataImage, name: string): TopicImage | undefined {
  const id = image.topicIds.get(name)
  return id === undefined ? undefined : image.topics.get(id)
}
