/** What DescribeLogDirs tells of one log directory. */
import type { Disk } from '../runtime/disk.ts'
import { toDiskError } from './disk-failures.ts'
import type { Log } from './log.ts'
import type { LogDirectory } from './log-directory.ts'

export interface ReplicaDescription {
  readonly topic: string
  readonly partition: number
  readonly sizeBytes: number
  /** Of a copy under way: how far it is behind; 0 for live logs. */
  readonly offsetLag: number
  readonly isFuture: boolean
}

export interface DirectoryDescription {
  readonly path: string
  readonly directoryId: string | null
  readonly isOffline: boolean
  /** -1 where the system does not tell. */
  readonly totalBytes: number
  readonly usableBytes: number
  readonly replicas: readonly ReplicaDescription[]
}

export function describeDirectory(
  disk: Disk,
  directory: LogDirectory,
  lagOf: (future: Log) => number,
): DirectoryDescription {
  const replica = (log: Log, isFuture: boolean): ReplicaDescription => ({
    topic: log.topic,
    partition: log.partition,
    sizeBytes: log.sizeBytes,
    offsetLag: isFuture ? lagOf(log) : 0,
    isFuture,
  })
  const space = directory.isOffline ? null : spaceOf(disk, directory)
  return {
    path: directory.path,
    directoryId: directory.properties?.directoryId ?? null,
    isOffline: directory.isOffline,
    totalBytes: space?.totalBytes ?? -1,
    usableBytes: space?.usableBytes ?? -1,
    replicas: directory.isOffline
      ? []
      : [
          ...Array.from(directory.logs.values(), (log) => replica(log, false)),
          ...Array.from(directory.futureLogs.values(), (log) => replica(log, true)),
        ],
  }
}

function spaceOf(disk: Disk, directory: LogDirectory): ReturnType<Disk['space']> {
  try {
    return disk.space(directory.path)
  } catch (error) {
    toDiskError(error)
    return null
  }
}
