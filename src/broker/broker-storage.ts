/**
 * The storage of one broker as the rest of it sees it: logs by partition, the metadata log, cluster identity.
 */
import { joinPath } from '../runtime/disk.ts'
import { limits } from '../runtime/limits.ts'
import type { MetricsRegistry } from '../runtime/metrics.ts'
import { randomUuid } from '../runtime/random.ts'
import type { World } from '../runtime/world.ts'
import { BufferPool } from '../storage/buffer-pool.ts'
import { defaultLogConfig } from '../storage/log-config.ts'
import type { LogEnvironment } from '../storage/log-environment.ts'
import { createLog, openLog } from '../storage/log-open.ts'
import { OpenFiles } from '../storage/open-files.ts'
import type { PartitionLog } from '../storage/partition-log.ts'
import { SyncSlots } from '../storage/sync-slots.ts'
import type { BrokerConfig } from './config/broker-config.ts'
import type { Settings } from './config/settings.ts'
import type { LogStore } from './partitions/partition-registry.ts'
import type { MetadataSnapshots } from './quorum/metadata-log.ts'

export interface BrokerStorage {
  readonly clusterId: string
  readonly directoryIds: readonly string[]
  readonly metadataLog: PartitionLog
  readonly metadataSnapshots: MetadataSnapshots
  readonly logs: LogStore
  beginQuorumEpoch(epoch: number): Promise<void>
  allOpened(): void
  close(): Promise<void>
}

export async function openStorage(
  config: BrokerConfig,
  _settings: Settings,
  world: World,
  _metrics: MetricsRegistry,
): Promise<BrokerStorage> {
  const directory = config.logDirectories[0] ?? './data'
  world.disk.makeDirectory(directory)
  const environment: LogEnvironment = {
    clock: world.clock,
    disk: world.disk,
    events: world.log,
    files: new OpenFiles(world.disk, limits.openSegmentFilesMax),
    buffers: new BufferPool(),
    syncs: new SyncSlots(8),
    directoryPath: directory,
    directoryFailed: (error) => world.log.error('directory failed', { error: error.message }),
    lowerRecoveryPoint: (_t, _p, _r, done) => done(),
    checkpointsChanged() {},
  }
  const open = (
    topic: string,
    index: number,
    topicId: string | null,
    logConfig = defaultLogConfig,
  ): PartitionLog => {
    const folder = joinPath(directory, `${topic}-${index}`)
    const identity = { topic, partition: index, folder }
    return world.disk.status(folder) === null
      ? createLog(environment, identity, logConfig, topicId)
      : openLog(environment, identity, logConfig, {
          logStartOffset: null,
          highWatermark: null,
          wasClean: false,
          recoveryPoint: 0,
        })
  }
  return {
    clusterId: config.clusterId ?? randomUuid(world.random),
    directoryIds: [randomUuid(world.random)],
    metadataLog: open('__cluster_metadata', 0, null),
    metadataSnapshots: { latest: () => null, write: async () => {} },
    logs: { open: (topic, topicId, index, logConfig) => open(topic, index, topicId, logConfig), delete() {} },
    beginQuorumEpoch: async () => {},
    allOpened() {},
    close: async () => {},
  }
}
