/**
 * What handlers may ask of the broker: one record of its parts, made once at the start.
 */
import type { MetricsRegistry } from '../runtime/metrics.ts'
import type { World } from '../runtime/world.ts'
import type { LogManager } from '../storage/log-manager.ts'
import type { BrokerConfig } from './config/broker-config.ts'
import type { Settings } from './config/settings.ts'
import type { Controller } from './controller/controller.ts'
import type { FetchSessions } from './fetch/fetch-sessions.ts'
import type { GroupCoordinators } from './groups/group-coordinators.ts'
import type { Handler } from './handler.ts'
import type { LeaderDoubts } from './leader-doubts.ts'
import type { PartitionRegistry } from './partitions/partition-registry.ts'
import type { ReplicaMoves } from './partitions/replica-moves.ts'
import type { ProducerIds } from './producer-ids.ts'
import type { MetadataQuorum } from './quorum/metadata-quorum.ts'

export interface BrokerServices {
  readonly logs: LogManager
  readonly world: World
  readonly config: BrokerConfig
  readonly metrics: MetricsRegistry
  readonly settings: Settings
  readonly handlers: readonly Handler[]
  readonly quorum: MetadataQuorum
  readonly controller: Controller
  readonly partitions: PartitionRegistry
  readonly moves: ReplicaMoves
  readonly producerIds: ProducerIds
  readonly groups: GroupCoordinators
  readonly fetchSessions: FetchSessions
  readonly leaderDoubts: LeaderDoubts
}
