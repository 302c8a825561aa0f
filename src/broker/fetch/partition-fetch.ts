/**
 * Reads for one fetch: partition by partition in the order asked, until the answer is full.
 *
 * Calls back with every partition's part, before it returns when all data was warm. The first batch of the
 * answer comes whole even when it is larger than every bound (KIP-74). The parts own pooled buffers until
 * `release`.
 */
import { errorCode } from '../../protocol/errors.ts'
import type { AbortedTransaction, ReadOutcome } from '../../storage/read-outcome.ts'
import type { Partition } from '../partitions/partition.ts'
import type { PartitionRegistry } from '../partitions/partition-registry.ts'
import type { WantedPartition } from './fetch-sessions.ts'

export interface FetchedPart {
  readonly wanted: WantedPartition
  readonly partition: Partition | null
  readonly errorCode: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
  /** null unless the reader asked for committed records only. */
  readonly abortedTransactions: readonly AbortedTransaction[] | null
  readonly buffers: readonly Buffer[]
  readonly sizeBytes: number
  /** Set when the reader's last epoch does not fit our log (KIP-595): where to truncate to. */
  readonly divergingEpoch: { readonly epoch: number; readonly endOffset: number } | null
}

export interface FetchOutcome {
  readonly parts: readonly FetchedPart[]
  readonly sizeBytes: number
  readonly failed: boolean
  release(): void
}

export interface FetchBounds {
  /** Bytes of the answer at most; what memory allows when the read begins. */
  maxBytes: number
  readonly readCommitted: boolean
  readonly byTopicId: boolean
}

function emptyPart(wanted: WantedPartition, code: number): FetchedPart {
  return {
    wanted,
    partition: null,
    errorCode: code,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    abortedTransactions: null,
    buffers: [],
    sizeBytes: 0,
    divergingEpoch: null,
  }
}

/** Where a reader's history leaves ours, or null when it is a prefix. */
function divergence(partition: Partition, wanted: WantedPartition): FetchedPart['divergingEpoch'] {
  if (wanted.lastFetchedEpoch < 0) return null
  const end = partition.log.endOffsetForLeaderEpoch(wanted.lastFetchedEpoch)
  if (end.leaderEpoch < 0) return null
  if (end.leaderEpoch < wanted.lastFetchedEpoch || end.endOffset < Number(wanted.fetchOffset))
    return { epoch: end.leaderEpoch, endOffset: end.endOffset }
  return null
}

/** One walk over the wanted partitions. */
class FetchWalk {
  readonly #registry: PartitionRegistry
  readonly #wanted: readonly WantedPartition[]
  readonly #bounds: FetchBounds
  readonly #done: (outcome: FetchOutcome) => void
  readonly #parts: FetchedPart[] = []
  readonly #releases: Array<() => void> = []
  #sizeBytes = 0
  #failed = false
  #next = 0
  #stepping = false

  constructor(
    registry: PartitionRegistry,
    wanted: readonly WantedPartition[],
    bounds: FetchBounds,
    done: (outcome: FetchOutcome) => void,
  ) {
    this.#registry = registry
    this.#wanted = wanted
    this.#bounds = bounds
    this.#done = done
  }

  /** Goes on until a read has to wait; a read that is done at once continues this very loop. */
  step(): void {
    if (this.#stepping) return
    this.#stepping = true
    let waiting = false
    while (!waiting && this.#next < this.#wanted.length) {
      const wanted = this.#wanted[this.#next] as WantedPartition
      let calledBack = false
      this.#one(wanted, () => {
        calledBack = true
        this.#next++
        this.step()
      })
      waiting = !calledBack
    }
    this.#stepping = false
    if (!waiting) this.#finish()
  }

  #finish(): void {
    const releases = this.#releases
    this.#done({
      parts: this.#parts,
      sizeBytes: this.#sizeBytes,
      failed: this.#failed,
      release: () => {
        for (const release of releases) release()
      },
    })
  }

  #one(wanted: WantedPartition, next: () => void): void {
    const found = this.#bounds.byTopicId
      ? this.#registry.byTopicId(wanted.topicId, wanted.index)
      : this.#registry.byName(wanted.topic, wanted.index)
    const code = typeof found === 'number' ? found : found.leaderError(wanted.currentLeaderEpoch)
    if (typeof found === 'number' || code !== 0) {
      this.#push(emptyPart(wanted, code))
      next()
      return
    }
    const diverging = divergence(found, wanted)
    if (diverging !== null) {
      this.#push(this.#part(wanted, found, null, diverging))
      next()
      return
    }
    this.#read(wanted, found, next)
  }

  #read(wanted: WantedPartition, partition: Partition, next: () => void): void {
    const { log } = partition
    const fetchOffset = Number(wanted.fetchOffset)
    const upperBoundOffset = this.#bounds.readCommitted ? log.lastStableOffset : log.highWatermark
    // A reader may stand between the high watermark and the log end: it waits, it is not out of range.
    if (fetchOffset > log.logEndOffset || fetchOffset < log.logStartOffset) {
      this.#push(emptyPart(wanted, errorCode.OFFSET_OUT_OF_RANGE))
      next()
      return
    }
    const leftBytes = this.#bounds.maxBytes - this.#sizeBytes
    if (fetchOffset >= upperBoundOffset || (leftBytes <= 0 && this.#sizeBytes > 0)) {
      this.#push(this.#part(wanted, partition, null, null))
      next()
      return
    }
    log.read(
      fetchOffset,
      {
        sizeBytesMax: Math.max(0, Math.min(wanted.partitionMaxBytes, leftBytes)),
        upperBoundOffset,
        atLeastOneBatch: this.#sizeBytes === 0,
        skipsEmptyBatches: true,
      },
      (outcome) => {
        this.#push(
          outcome.ok ? this.#part(wanted, partition, outcome, null) : emptyPart(wanted, outcome.errorCode),
        )
        next()
      },
    )
  }

  #part(
    wanted: WantedPartition,
    partition: Partition,
    slice: (ReadOutcome & { ok: true }) | null,
    divergingEpoch: FetchedPart['divergingEpoch'],
  ): FetchedPart {
    const { log } = partition
    if (slice !== null) this.#releases.push(() => slice.release())
    const aborted =
      this.#bounds.readCommitted && slice !== null && slice.sizeBytes > 0
        ? log.abortedTransactions(slice.baseOffset, slice.nextOffset)
        : []
    return {
      wanted,
      partition,
      errorCode: 0,
      highWatermark: log.highWatermark,
      lastStableOffset: log.lastStableOffset,
      logStartOffset: log.logStartOffset,
      abortedTransactions: this.#bounds.readCommitted ? aborted : null,
      buffers: slice?.buffers ?? [],
      sizeBytes: slice?.sizeBytes ?? 0,
      divergingEpoch,
    }
  }

  #push(part: FetchedPart): void {
    this.#parts.push(part)
    this.#sizeBytes += part.sizeBytes
    if (part.errorCode !== 0 || part.divergingEpoch !== null) this.#failed = true
  }
}

/** Reads what is wanted, within the bounds. */
export function fetchPartitions(
  registry: PartitionRegistry,
  wanted: readonly WantedPartition[],
  bounds: FetchBounds,
  done: (outcome: FetchOutcome) => void,
): void {
  new FetchWalk(registry, wanted, bounds, done).step()
}
