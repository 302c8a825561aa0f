/**
 * The storage of one broker as the rest of it sees it: logs by partition, the metadata log, who we are.
 *
 * Refuses to start where data could be mixed up: a directory that another process uses, that belongs to
 * another node or cluster. A directory that merely fails is left out, as long as one works.
 */
import { joinPath } from '../runtime/disk.ts'
import { limits } from '../runtime/limits.ts'
import { randomUuid } from '../runtime/random.ts'
import type { World } from '../runtime/world.ts'
import { defaultLogConfig, type LogConfig } from '../storage/log-config.ts'
import { LogMaintenance } from '../storage/log-maintenance.ts'
import { type DirectoryOpening, LogManager } from '../storage/log-manager.ts'
import { MetadataSnapshots } from '../storage/metadata-snapshots.ts'
import type { PartitionLog } from '../storage/partition-log.ts'
import type { BrokerConfig } from './config/broker-config.ts'
import type { Settings } from './config/settings.ts'
import { cordonedAmong } from './cordoned-directories.ts'
import type { LogStore } from './partitions/partition-registry.ts'

export interface BrokerStorage {
  readonly clusterId: string
  readonly directoryIds: readonly string[]
  /** The id of the directory that holds the metadata log. */
  readonly metadataDirectoryId: string
  /** Where the metadata log lies. */
  readonly metadataFolder: string
  /** Epoch of the broker's last life if that ended in order; -1. */
  readonly previousBrokerEpoch: bigint
  readonly manager: LogManager
  readonly metadataLog: PartitionLog
  readonly metadataSnapshots: MetadataSnapshots
  readonly logs: LogStore
  /** Sets logs aside that no topic claims. */
  setStraysAside(isClaimed: (topic: string, partition: number) => boolean): void
  /** Retention, compaction and the forgetting of silent producers, from now on. */
  startMaintenance(): void
  /** Writes everything down and leaves the clean marker. */
  close(brokerEpoch: bigint): Promise<void>
}

export const METADATA_TOPIC = '__cluster_metadata'
/** The topic id that the metadata log has in every cluster. */
const METADATA_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ'

/** The metadata log keeps everything until a snapshot has it, and is always synced: no setting may change that. */
const metadataLogConfig: LogConfig = {
  ...defaultLogConfig,
  deletes: false,
  retentionMs: -1,
  segmentBytes: 128 * 1024 * 1024,
  // The records of one decision are one batch, however many partitions it makes.
  maxMessageBytes: 64 * 1024 * 1024,
}

function refusal(openings: readonly DirectoryOpening[], config: BrokerConfig): string | null {
  for (const { path, properties, isLocked } of openings) {
    if (isLocked) return `${path} is used by another broker; give this one another --data-dir`
    if (properties !== null && properties.nodeId !== config.nodeId)
      return `${path} belongs to node ${properties.nodeId}, this is node ${config.nodeId}`
    if (properties !== null && config.clusterId !== null && properties.clusterId !== config.clusterId)
      return `${path} belongs to cluster ${properties.clusterId}, cluster.id says ${config.clusterId}`
  }
  const clusters = new Set(
    openings.flatMap(({ properties }) => (properties === null ? [] : [properties.clusterId])),
  )
  if (clusters.size > 1) return `the log directories belong to several clusters: ${[...clusters].join(', ')}`
  if (openings.every(({ failure }) => failure !== null))
    return openings.map(({ path, failure }) => `${path} cannot be used: ${failure}`).join('; ')
  return null
}

/** The log of a partition that the image gives this broker; a folder of an older topic of that name makes way. */
function openClaimed(
  manager: LogManager,
  world: World,
  topic: string,
  topicId: string,
  index: number,
  config: LogConfig,
  existed: boolean,
  cordonedPaths: () => readonly string[],
): PartitionLog | null {
  const known = manager.log(topic, index)
  if (known !== null && (known.topicId === null || known.topicId === topicId)) {
    if (known.topicId === null) known.assignTopicId(topicId)
    known.updateConfig(config)
    return known
  }
  if (known === null && existed && manager.directories.some(({ isOffline }) => isOffline)) {
    // An empty log in its place would hide what was acknowledged, and stand in the way when it is back.
    world.log.error('a log is not made anew: the directory that failed may hold it', {
      topic,
      partition: index,
    })
    return null
  }
  if (known !== null) manager.setAside(known)
  const created = manager.create(topic, index, topicId, directoryFor(manager, cordonedPaths()))
  if (created.ok) return created.log
  world.log.error('a log cannot be created', { topic, partition: index, reason: created.message })
  return null
}

/** The directory for a new log where some are cordoned: the emptiest of the others; null where there is no choice to make. */
function directoryFor(manager: LogManager, cordonedPaths: readonly string[]): string | null {
  if (cordonedPaths.length === 0) return null
  const open = manager.directories.filter(
    ({ path, isOffline, properties }) => !isOffline && properties !== null && !cordonedPaths.includes(path),
  )
  const [emptiest] = open.sort((a, b) => a.logs.size - b.logs.size)
  return emptiest?.properties?.directoryId ?? null
}

/** Opens all directories and logs. Rejects with a sentence for people when the broker must not start. */
export async function openStorage(
  config: BrokerConfig,
  settings: Settings,
  world: World,
): Promise<BrokerStorage> {
  const manager = new LogManager(world, {
    directories: config.logDirectories,
    configOf: (topic) => (topic === METADATA_TOPIC ? metadataLogConfig : settings.logConfig(topic)),
    openFilesMax: Math.min(
      limits.openSegmentFilesMax,
      Math.floor(world.descriptorsMax * limits.descriptorsForSegmentsShare),
    ),
    checkpointIntervalMs: settings.number('replica.high.watermark.checkpoint.interval.ms'),
  })
  const openings = manager.openDirectories()
  const problem = refusal(openings, config)
  if (problem !== null) {
    manager.abandon()
    throw new Error(problem)
  }
  const known = openings.find(({ properties }) => properties !== null)?.properties
  const clusterId =
    known?.clusterId ?? config.clusterId ?? config.quorum.clusterId ?? randomUuid(world.random)
  const directoryIds = manager.format(config.nodeId, clusterId)
  const loaded = await manager.load()
  world.log.info('logs opened', { logs: loaded.logCount, clean: loaded.wasClean })
  const maintenance = new LogMaintenance(manager, world.calendar, world.log, {
    retentionCheckIntervalMs: settings.number('log.retention.check.interval.ms'),
    cleanerBackoffMs: settings.number('log.cleaner.backoff.ms'),
    cleans: settings.boolean('log.cleaner.enable'),
    producerCheckIntervalMs: settings.number('producer.id.expiration.check.interval.ms'),
  })
  const metadataLog = metadataLogOf(manager)
  const folder = joinPath(metadataLog.directoryPath, `${METADATA_TOPIC}-0`)
  return {
    clusterId,
    directoryIds,
    metadataDirectoryId: metadataDirectoryId(manager, metadataLog),
    metadataFolder: folder,
    previousBrokerEpoch: BigInt(loaded.brokerEpochAtStop),
    manager,
    metadataLog,
    metadataSnapshots: new MetadataSnapshots(world.disk, folder, () => world.clock.wallMs()),
    logs: {
      open: (topic, topicId, index, logConfig, existed) =>
        openClaimed(manager, world, topic, topicId, index, logConfig, existed, () =>
          cordonedAmong(settings.list('cordoned.log.dirs'), config.logDirectories),
        ),
      delete: (topic, index) => manager.delete(topic, index),
    },
    setStraysAside(isClaimed) {
      for (const log of [...manager.logs()]) {
        if (log.topic === METADATA_TOPIC || isClaimed(log.topic, log.partition)) continue
        world.log.warn('a log that no topic claims is set aside', {
          topic: log.topic,
          partition: log.partition,
        })
        manager.setAside(log)
      }
    },
    startMaintenance: () => maintenance.start(),
    close(brokerEpoch) {
      maintenance.stop()
      return manager.stop(Number(brokerEpoch))
    },
  }
}

function metadataDirectoryId(manager: LogManager, metadataLog: PartitionLog): string {
  const directory = manager.directories.find(({ path }) => path === metadataLog.directoryPath)
  if (directory?.properties == null) throw new Error('the directory of the metadata log has no identity')
  return directory.properties.directoryId
}

function metadataLogOf(manager: LogManager): PartitionLog {
  const known = manager.log(METADATA_TOPIC, 0)
  if (known !== null) return known
  const created = manager.create(METADATA_TOPIC, 0, METADATA_TOPIC_ID)
  if (!created.ok) throw new Error(`the metadata log cannot be created: ${created.message}`)
  return created.log
}
