/**
 * The snapshots of this node's metadata: writes them when they are due, hands out pieces, takes a leader's in.
 *
 * A snapshot is written on every node by itself, at a size or an age; the log then begins at the one before, so that a
 * node that is a little behind still finds entries. It never drops from the log what no snapshot on the disk holds, and
 * never a snapshot that was being sent a moment ago (trap 14, KIP-630).
 */
import { apply } from '../../coordination/metadata/apply.ts'
import { emptyImage, type MetadataImage } from '../../coordination/metadata/image.ts'
import { snapshotRecords } from '../../coordination/metadata/snapshot.ts'
import type { SnapshotId, Voter } from '../../coordination/raft/message.ts'
import { encodeMetadataRecord } from '../../protocol/stored/metadata.ts'
import { limits } from '../../runtime/limits.ts'
import type { Snapshot, SnapshotPiece } from '../../storage/metadata-snapshots.ts'
import { metadataRecordOf } from './metadata-batches.ts'
import type { RaftLog } from './raft-log.ts'
import type { QuorumStorage, QuorumWorld, RaftQuorumOptions } from './raft-quorum-options.ts'
import { votersOfRecord, votersRecords } from './voter-records.ts'

type SnapshotPolicy = Pick<RaftQuorumOptions, 'bytesBetweenSnapshots' | 'snapshotIntervalMs'>

/** A snapshot as it counts: its image, and the voters that it names, if it does. */
export interface LoadedSnapshot {
  readonly id: SnapshotId
  readonly image: MetadataImage
  readonly voters: readonly Voter[] | null
}

/** What a snapshot of the disk says. Throws when its records cannot be applied. */
export function loadedSnapshot(snapshot: Snapshot): LoadedSnapshot {
  const result = apply(emptyImage, snapshot.values.map(metadataRecordOf))
  if (!result.ok) throw new Error(`a metadata snapshot cannot be applied: ${JSON.stringify(result.problem)}`)
  let voters: readonly Voter[] | null = null
  for (const control of snapshot.controls) {
    if (control.type === 'kRaftVoters') voters = votersOfRecord(control.value)
  }
  return { id: { endOffset: snapshot.endOffset, epoch: snapshot.epoch }, image: result.image, voters }
}

export class SnapshotKeeper {
  readonly #world: QuorumWorld
  readonly #storage: QuorumStorage
  readonly #log: RaftLog
  readonly #policy: SnapshotPolicy
  #newest: SnapshotId | null
  #newestMs: number
  #bytesSince: number
  #isWriting = false
  /** When a piece of a snapshot was sent last, by its end offset. */
  readonly #sentMs = new Map<number, number>()
  /** Pieces of the leader's snapshot on their way to the disk, one after the other. */
  #keeping: Promise<void> = Promise.resolve()
  #keptIsTorn = false

  constructor(
    world: QuorumWorld,
    storage: QuorumStorage,
    log: RaftLog,
    policy: SnapshotPolicy,
    newest: SnapshotId | null,
    bytesSince: number,
  ) {
    this.#world = world
    this.#storage = storage
    this.#log = log
    this.#policy = policy
    this.#newest = newest
    this.#newestMs = world.clock.wallMs()
    this.#bytesSince = bytesSince
  }

  /** The epoch of the newest snapshot when it ends at `endOffset`; -1 otherwise. */
  epochAt(endOffset: number): number {
    return this.#newest?.endOffset === endOffset ? this.#newest.epoch : -1
  }

  noteApplied(sizeBytes: number): void {
    this.#bytesSince += sizeBytes
  }

  /**
   * Writes a snapshot of `image`, made of everything below `endOffset`, when one is due; `voters` are those
   * that the log names up to there, null none. Resolves with its id, or with null when none was written. One at a time.
   */
  async writeIfDue(
    image: MetadataImage,
    endOffset: number,
    voters: readonly Voter[] | null,
  ): Promise<SnapshotId | null> {
    const epoch = this.#log.epochBefore(endOffset)
    if (this.#isWriting || !this.#isDue() || image.openTransaction !== null || epoch < 0) return null
    this.#isWriting = true
    const bytesBefore = this.#bytesSince
    this.#bytesSince = 0
    this.#newestMs = this.#world.clock.wallMs()
    try {
      const leading = voters === null ? [] : votersRecords(voters)
      const { snapshots } = this.#storage
      await snapshots.write(endOffset, epoch, encodedRecords(image), this.#newestMs, leading)
    } catch (error) {
      // The log still holds everything; the next one is due when it has grown again.
      const reason = error instanceof Error ? error.message : String(error)
      this.#world.log.warn('no metadata snapshot was written', { reason, bytes: bytesBefore })
      return null
    } finally {
      this.#isWriting = false
    }
    return this.#written({ endOffset, epoch })
  }

  #isDue(): boolean {
    if (this.#bytesSince === 0) return false
    const intervalMs = this.#policy.snapshotIntervalMs()
    const isOld = intervalMs > 0 && this.#world.clock.wallMs() - this.#newestMs >= intervalMs
    return isOld || this.#bytesSince >= this.#policy.bytesBetweenSnapshots()
  }

  #written(id: SnapshotId): SnapshotId | null {
    // The leader's snapshot came in the meantime and is newer: the log begins behind this one.
    if (this.#log.startOffset > id.endOffset) return null
    const kept = this.#newest
    this.#newest = id
    if (kept !== null) this.#log.dropBefore(kept.endOffset)
    const oldest = this.#oldestNeeded(kept ?? id)
    try {
      this.#storage.snapshots.removeOlderThan(oldest)
    } catch (error) {
      this.#world.log.warn('old metadata snapshots were not removed', {
        reason: error instanceof Error ? error.message : String(error),
      })
    }
    return id
  }

  #oldestNeeded(kept: SnapshotId): SnapshotId {
    let oldest = kept
    const now = this.#world.clock.monotonicMs()
    for (const [endOffset, sentMs] of this.#sentMs) {
      if (now - sentMs > limits.snapshotSendingMs) this.#sentMs.delete(endOffset)
      else if (endOffset < oldest.endOffset) oldest = { endOffset, epoch: 0 }
    }
    return oldest
  }

  /** A piece for another node; null when it cannot be had any more. */
  readPiece(id: SnapshotId, position: number): Promise<SnapshotPiece | null> {
    this.#sentMs.set(id.endOffset, this.#world.clock.monotonicMs())
    return this.#storage.snapshots.readPiece(id, position, limits.quorumSnapshotPieceBytesMax)
  }

  /** A piece of the leader's snapshot. */
  keep(id: SnapshotId, position: number, bytes: Buffer): void {
    if (position === 0) this.#keptIsTorn = false
    this.#keeping = this.#keeping.then(async () => {
      try {
        await this.#storage.snapshots.keepPiece(id, position, bytes)
      } catch (error) {
        this.#keptIsTorn = true
        const reason = error instanceof Error ? error.message : String(error)
        this.#world.log.warn('a piece of a metadata snapshot was not kept', { reason })
      }
    })
  }

  /**
   * Makes the snapshot whose pieces were kept the beginning of the log, which goes on behind it, empty. Resolves with
   * null, and nothing changed, when it is not whole or there is no room.
   */
  async install(id: SnapshotId): Promise<LoadedSnapshot | null> {
    await this.#keeping
    if (this.#keptIsTorn) return null
    let snapshot: Snapshot | null
    try {
      snapshot = await this.#storage.snapshots.installKept(id)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#world.log.warn('a metadata snapshot was not installed', { reason })
      return null
    }
    if (snapshot === null) return null
    const loaded = loadedSnapshot(snapshot)
    await new Promise<void>((resolve) => this.#log.restartAt(id.endOffset, resolve))
    this.#newest = id
    this.#newestMs = this.#world.clock.wallMs()
    this.#bytesSince = 0
    return loaded
  }
}

function* encodedRecords(image: MetadataImage): Generator<Buffer> {
  for (const record of snapshotRecords(image)) yield encodeMetadataRecord(record)
}
