/**
 * What is done on a disk that may stop at any of its calls: every operation that changes more than one thing on it.
 *
 * The list is closed: each has a row in the table.
 */
import type { LoadedLogs } from '../../../src/storage/log-manager.ts'
import type { Scene, Setting } from './scene.ts'

export const OPERATIONS = [
  'append',
  'checkpoint',
  'leader-epoch checkpoint',
  'producer snapshot',
  'segment roll',
  'retention',
  'compaction swap',
  'log truncation',
  'full truncation',
  'topic creation',
  'topic deletion',
  'move to another directory',
  'directory format',
  'clean stop',
  'start after a clean stop',
  'start after a power cut',
  'start amid a compaction swap',
  'vote',
  'metadata snapshot',
  'snapshot installation',
] as const

export type OperationName = (typeof OPERATIONS)[number]

export interface Operation {
  readonly setting?: Partial<Setting>
  /** Counts on names of a directory coming back in the order in which they changed. */
  readonly needsOrder?: boolean
  /** Brings about what the operation needs; all of it acknowledged. */
  prepare(scene: Scene): Promise<void>
  /** The operation; what it acknowledges is in the ledger at that moment. */
  run(scene: Scene): Promise<void>
  /** Beside the logs: throws what does not hold after a restart. */
  check?(scene: Scene, loaded: LoadedLogs): void
  /** Once more, or what follows; throws when it does not work. The default appends to every partition. */
  again?(scene: Scene): Promise<void>
}

const AGAIN_MS_MAX = 20

/** Creates partitions that the ledger has seen none of, and appends to each; what was appended must be acknowledged. */
export async function appendAgain(scene: Scene): Promise<void> {
  for (const partition of scene.ledger.partitions) {
    const log = scene.log(partition) ?? scene.create(partition)
    if (log === null) throw new Error(`partition ${partition} cannot be made: ${scene.told.join()}`)
    const epoch = log.latestLeaderEpoch + 1
    log.assignLeaderEpoch(epoch)
    const endOffset = log.logEndOffset
    scene.append(partition, 'again', epoch)
    for (let ms = 0; ms < AGAIN_MS_MAX && log.durableOffset <= endOffset; ms++) await scene.pass(1)
    if (log.logEndOffset !== endOffset + 1 || log.durableOffset !== log.logEndOffset)
      throw new Error(`nothing can be appended to partition ${partition}: ${scene.told.join()}`)
  }
}

/** Two partitions with acknowledged records, checkpointed. */
export async function prepareLogs(scene: Scene): Promise<void> {
  await scene.start()
  for (const partition of [0, 1]) scene.create(partition)
  for (let turn = 0; turn < 5; turn++)
    for (const partition of [0, 1]) scene.append(partition, `k${turn % 3}`, 1)
  await scene.pass(30)
  for (const partition of [0, 1]) {
    const log = scene.log(partition)
    log?.setHighWatermark(log.logEndOffset)
  }
  await scene.world.checkpoint()
}
