/**
 * Follows one replica's log on a virtual disk, batch by batch, from outside: it reads the files, never the broker.
 *
 * A look costs what was appended since the one before; where a log was cut or replaced it is read anew. What a crash left
 * torn or damaged at the end is not there. It changes nothing on the disk, and faults of the disk do not strike it.
 */
import {
  BATCH_HEADER_BYTES,
  baseOffset,
  batchSizeBytes,
  isCrcValid,
  lastOffset,
  leaderEpoch,
  MAGIC,
  magicOf,
  storedCrc,
} from '../../protocol/records/batch.ts'
import { joinPath } from '../../runtime/disk.ts'
import type { MemoryDisk } from '../../runtime/memory-disk.ts'
import type { SeenBatch } from '../history.ts'

const SWAP = '.swap'
const SWAPPED = `.log${SWAP}`

/** Runs `read` while no fault of the disk strikes. */
export function unharmed<T>(disk: MemoryDisk, read: () => T): T {
  return whileFaults(disk, () => null, read)
}

/** As `unharmed`, and of files it sees only what a sync has covered. */
export function ofSynced<T>(disk: MemoryDisk, read: () => T): T {
  return whileFaults(disk, (operation) => (operation === 'read' ? { kind: 'stale-read' } : null), read)
}

function whileFaults<T>(disk: MemoryDisk, wanted: MemoryDisk['fault'], read: () => T): T {
  const { fault } = disk
  disk.fault = wanted
  try {
    return read()
  } finally {
    disk.fault = fault
  }
}

/** The content of a file from `position` on, up to `endPosition`; null when there is none. */
export function contentOf(
  disk: MemoryDisk,
  path: string,
  position = 0,
  endPosition = Number.POSITIVE_INFINITY,
): Buffer | null {
  if (disk.status(path)?.kind !== 'file') return null
  const file = disk.open(path, 'read')
  const bytes = Buffer.alloc(Math.max(0, Math.min(file.sizeBytes(), endPosition) - position))
  const got = file.readSync(bytes, 0, bytes.length, position)
  file.close()
  return bytes.subarray(0, got)
}

/**
 * The batches of a log as far as they are whole, and where each begins. None begins before the one before has ended: of a
 * write that was torn the offset may be lost and all that the checksum covers be there.
 */
export function* wholeBatches(
  bytes: Buffer,
  offsetMin = 0,
): Generator<SeenBatch & { readonly position: number }> {
  let nextOffset = offsetMin
  for (let position = 0; bytes.length - position >= BATCH_HEADER_BYTES; ) {
    const sizeBytes = batchSizeBytes(bytes, position)
    if (sizeBytes < BATCH_HEADER_BYTES || sizeBytes > bytes.length - position) return
    if (magicOf(bytes, position) !== MAGIC || !isCrcValid(bytes, position)) return
    if (baseOffset(bytes, position) < nextOffset) return
    nextOffset = lastOffset(bytes, position) + 1
    yield {
      position,
      baseOffset: baseOffset(bytes, position),
      lastOffset: lastOffset(bytes, position),
      leaderEpoch: leaderEpoch(bytes, position),
      checksum: storedCrc(bytes, position),
    }
    position += sizeBytes
  }
}

/** Whether two batches are the same one. */
export function isSameBatch(one: SeenBatch, other: SeenBatch): boolean {
  return (
    one.baseOffset === other.baseOffset &&
    one.leaderEpoch === other.leaderEpoch &&
    one.checksum === other.checksum
  )
}

/** Where the last look ended: the last batch, and one past it in its segment. */
interface Mark {
  readonly segment: string
  readonly position: number
  readonly endPosition: number
}

/** Where reading a segment ended: at its end, where the rest is not seen, or where something is no batch. */
type SegmentEnd = 'whole' | 'unseen' | 'bad'

export interface LookedAt {
  readonly batches: readonly SeenBatch[]
  /** How many of them, the last ones, the look before did not have. */
  readonly fresh: number
  /** Of the first segment. */
  readonly startOffset: number
  /** False where something lies behind them that is no batch. */
  readonly isWhole: boolean
}

export class ReplicaTrack {
  readonly #folder: string
  #batches: SeenBatch[] = []
  #mark: Mark | null = null

  constructor(folder: string) {
    this.#folder = folder
  }

  /** What is there now; nothing where there is no replica. */
  look(disk: MemoryDisk): LookedAt {
    if (disk.status(this.#folder)?.kind !== 'directory') {
      this.#forget()
      return { batches: this.#batches, fresh: 0, startOffset: 0, isWhole: true }
    }
    const names = disk.list(this.#folder).map(({ name }) => name)
    // A swap that a crash has cut short is finished by the next start.
    const isSegment = (name: string): boolean =>
      name.endsWith('.log') || (name.endsWith(SWAPPED) && !names.includes(name.slice(0, -SWAP.length)))
    const segments = names.filter(isSegment).sort()
    if (!this.#goesOn(disk)) this.#forget()
    const before = this.#batches.length
    const { segment: marked = '' } = this.#mark ?? {}
    let end: SegmentEnd = 'whole'
    for (const segment of segments.filter((name) => name >= marked)) {
      end = this.#read(disk, segment)
      if (end !== 'whole') break
    }
    const isWhole = end !== 'bad'
    const startOffset = Number.parseInt(segments[0] ?? '0', 10)
    return { batches: this.#batches, fresh: this.#batches.length - before, startOffset, isWhole }
  }

  #forget(): void {
    this.#batches = []
    this.#mark = null
  }

  /** Whether the last batch of the look before still lies where it lay. */
  #goesOn(disk: MemoryDisk): boolean {
    const last = this.#batches.at(-1)
    if (this.#mark === null || last === undefined) return false
    const { segment, position, endPosition } = this.#mark
    const bytes = contentOf(disk, joinPath(this.#folder, segment), position, endPosition)
    if (bytes === null) return false
    const [found] = wholeBatches(bytes)
    return found !== undefined && isSameBatch(found, last)
  }

  #read(disk: MemoryDisk, segment: string): SegmentEnd {
    const from = this.#mark?.segment === segment ? this.#mark.endPosition : 0
    const path = joinPath(this.#folder, segment)
    const bytes = contentOf(disk, path, from)
    const status = disk.status(path)
    if (bytes === null || status === null) return 'bad'
    let read = 0
    const nextOffset = (this.#batches.at(-1)?.lastOffset ?? -1) + 1
    for (const { position, ...batch } of wholeBatches(bytes, nextOffset)) {
      this.#batches.push(batch)
      read = position + batchSizeBytes(bytes, position)
      this.#mark = { segment, position: from + position, endPosition: from + read }
    }
    if (from + bytes.length < status.sizeBytes) return 'unseen'
    return read === bytes.length ? 'whole' : 'bad'
  }
}
