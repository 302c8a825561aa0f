/**
 * `quorum-state`: epoch and vote of this node, in Kafka's JSON, on the disk before anybody is told (trap 14).
 *
 * The file is replaced as a whole, file and directory synced, so a crash leaves the old or the new one and never a torn
 * one. A file that is missing or unreadable beside a log with entries is damage by other hands: the votes it knew are
 * lost, and a node that guessed could vote twice in one epoch. It is refused, unless this node is the only voter.
 */
import type { DurableState } from '../../coordination/raft/event.ts'
import { UNKNOWN_DIRECTORY } from '../../coordination/raft/message.ts'
import { type Disk, type DiskError, joinPath } from '../../runtime/disk.ts'
import { limits } from '../../runtime/limits.ts'
import { AtomicFile, readSmallFile } from '../../storage/atomic-file.ts'
import { isPassing } from '../../storage/disk-failures.ts'
import type { QuorumWorld } from './raft-quorum-options.ts'

const FILE = 'quorum-state'
const DATA_VERSION = 1
const NOBODY = -1

/** The state of a node that has never voted. */
export const firstState: DurableState = { epoch: 0, votedFor: null, leaderId: null }

/** The JSON that Kafka writes. */
export function encodeQuorumState(state: DurableState): Buffer {
  return Buffer.from(
    JSON.stringify({
      leaderId: state.leaderId ?? NOBODY,
      leaderEpoch: state.epoch,
      votedId: state.votedFor?.id ?? NOBODY,
      votedDirectoryId: state.votedFor?.directoryId ?? UNKNOWN_DIRECTORY,
      data_version: DATA_VERSION,
    }),
  )
}

/** null when it is no such file; versions 0 and 1 are read. */
export function decodeQuorumState(content: Buffer): DurableState | null {
  let fields: unknown
  try {
    fields = JSON.parse(content.toString('utf8'))
  } catch {
    return null
  }
  if (typeof fields !== 'object' || fields === null) return null
  const leaderId = 'leaderId' in fields ? fields.leaderId : NOBODY
  const epoch = 'leaderEpoch' in fields ? fields.leaderEpoch : null
  const votedId = 'votedId' in fields ? fields.votedId : NOBODY
  const directoryId = 'votedDirectoryId' in fields ? fields.votedDirectoryId : UNKNOWN_DIRECTORY
  if (!isId(leaderId) || !isId(votedId) || typeof directoryId !== 'string') return null
  if (typeof epoch !== 'number' || !Number.isInteger(epoch) || epoch < 0) return null
  return {
    epoch,
    votedFor: votedId === NOBODY ? null : { id: votedId, directoryId },
    leaderId: leaderId === NOBODY ? null : leaderId,
  }
}

function isId(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= NOBODY
}

/**
 * What the node may start with. `logEpoch` is the epoch at the end of its log, 0 when that is empty. Throws an error
 * for people when the votes are not known.
 */
export function readQuorumState(
  disk: Disk,
  folder: string,
  logEpoch: number,
  isOnlyVoter: boolean,
): DurableState {
  const content = readSmallFile(disk, joinPath(folder, FILE))
  const state = content === null ? null : decodeQuorumState(content)
  if (state !== null) return state.epoch >= logEpoch ? state : { ...firstState, epoch: logEpoch }
  if (content === null && logEpoch === 0) return firstState
  if (isOnlyVoter) return { ...firstState, epoch: logEpoch }
  throw new Error(
    `${joinPath(folder, FILE)} ${content === null ? 'is missing' : 'cannot be read'}, so the votes of this node are not known: ` +
      'bring the file back, or remove the whole log directory and let the node join anew',
  )
}

/** Writes states one after the other; one that cannot be written for want of room is tried again. */
export class QuorumStateFile {
  readonly #file: AtomicFile
  readonly #world: QuorumWorld
  readonly #failed: (error: DiskError) => void
  /** States that nobody was told of yet, oldest first; the file is to say the newest. */
  #untold: Array<{ readonly state: DurableState; readonly done: () => void }> = []
  #retryIsSet = false
  #isClosed = false

  /** `failed`: the disk is broken for good. */
  constructor(world: QuorumWorld, folder: string, failed: (error: DiskError) => void) {
    this.#file = new AtomicFile(world.disk, joinPath(folder, FILE))
    this.#world = world
    this.#failed = failed
  }

  /** `done` runs when this state, or a newer one, is on the disk; those of several run in order. */
  write(state: DurableState, done: () => void): void {
    this.#untold.push({ state, done })
    this.#put()
  }

  #put(): void {
    const newest = this.#untold.at(-1)
    if (this.#isClosed || newest === undefined) return
    let covered = newest
    this.#file.replace(
      () => {
        // Its turn may come later, and more may have been asked for by then.
        covered = this.#untold.at(-1) ?? newest
        return encodeQuorumState(covered.state)
      },
      (error) => {
        if (this.#isClosed) return
        if (error === null) this.#tell(covered)
        else if (isPassing(error)) this.#putLater(error)
        else this.#failed(error)
      },
    )
  }

  /** Everybody up to `covered`, unless that was done already. */
  #tell(covered: { readonly state: DurableState; readonly done: () => void }): void {
    const told = this.#untold.splice(0, this.#untold.indexOf(covered) + 1)
    for (const { done } of told) done()
  }

  #putLater(error: DiskError): void {
    this.#world.log.warn('the quorum state cannot be written yet', { reason: error.message })
    if (this.#retryIsSet) return
    this.#retryIsSet = true
    this.#world.clock.schedule(limits.quorumDiskRetryMs, () => {
      this.#retryIsSet = false
      this.#put()
    })
  }

  /** Nothing is written any more, and nobody is told. */
  close(): void {
    this.#isClosed = true
  }
}
