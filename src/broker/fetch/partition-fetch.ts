/**
 * Reads for one fetch: partition by partition in the order asked, until the answer is full.
 *
 * Consumers read up to the high watermark, replicas copy up to the end of the log. Calls back with every partition's
 * part, before it returns when all data was warm. The first batch of the answer comes whole even when it is larger than
 * every bound (KIP-74). The parts own pooled buffers until `release`.
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
  /** A replica that is nearer to this consumer (KIP-392); -1 when it is best served here. */
  readonly preferredReadReplica: number
  /** There is more than fitted into the answer. */
  readonly isCut: boolean
}

export interface FetchOutcome {
  readonly parts: readonly FetchedPart[]
  readonly sizeBytes: number
  /** Some part is an error or sends its reader elsewhere: it is to be answered at once. */
  readonly failed: boolean
  release(): void
}

export interface FetchBounds {
  /** Bytes of the answer at most; what memory allows when the read begins. */
  maxBytes: number
  readonly readCommitted: boolean
  readonly byTopicId: boolean
  readonly reader: FetchReader
}

/** Who reads. */
export type FetchReader =
  | {
      readonly kind: 'consumer'
      /** It knows that followers may serve it, and is served by them. */
      readonly acceptsFollowers: boolean
      /** The replica that it should rather read from; -1 for this one. */
      readonly preferredReplica: (partition: Partition, fetchOffset: number) => number
    }
  | {
      readonly kind: 'replica'
      /** 0, or why this replica may not copy the partition from here. */
      readonly refusal: (partition: Partition, wanted: WantedPartition) => number
      /** Its history is a prefix of ours, up to where it fetches, or ends before ours begins; 0, or why it gets nothing yet. */
      readonly positioned: (partition: Partition, wanted: WantedPartition) => number
      /** Whether its records have to wait (a throttle). */
      readonly mustWait: (partition: Partition) => boolean
    }

const HERE = -1

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
    preferredReadReplica: HERE,
    isCut: false,
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
    const code = typeof found === 'number' ? found : this.#refusal(found, wanted)
    if (typeof found === 'number' || code !== 0) {
      this.#refuse(wanted, code, next)
      return
    }
    const diverging = divergence(found, wanted)
    if (diverging !== null) this.#push(this.#part(wanted, found, { divergingEpoch: diverging }))
    else if (!this.#isElsewhere(found, wanted)) {
      this.#read(wanted, found, next)
      return
    }
    next()
  }

  #refuse(wanted: WantedPartition, code: number, next: () => void): void {
    this.#push(emptyPart(wanted, code))
    next()
  }

  /** 0, or why this reader gets nothing of the partition here. */
  #refusal(partition: Partition, wanted: WantedPartition): number {
    const { reader } = this.#bounds
    const { log } = partition
    const fetchOffset = Number(wanted.fetchOffset)
    const code =
      reader.kind === 'consumer' && reader.acceptsFollowers
        ? partition.replicaError(wanted.currentLeaderEpoch)
        : partition.leaderError(wanted.currentLeaderEpoch)
    if (code !== 0) return code
    if (reader.kind === 'replica') {
      const refused = reader.refusal(partition, wanted)
      if (refused !== 0) return refused
      // What lies before the log start is gone, however the histories compare; and who ends there has lost what is committed.
      if (fetchOffset < log.logStartOffset)
        return reader.positioned(partition, wanted) || errorCode.OFFSET_OUT_OF_RANGE
    }
    return 0
  }

  /** Sends a consumer to a replica that is nearer to it. */
  #isElsewhere(partition: Partition, wanted: WantedPartition): boolean {
    const { reader } = this.#bounds
    if (reader.kind !== 'consumer') return false
    const preferredReadReplica = reader.preferredReplica(partition, Number(wanted.fetchOffset))
    if (preferredReadReplica === HERE) return false
    this.#push(this.#part(wanted, partition, { preferredReadReplica }))
    return true
  }

  /** A replica is told none while this leader cannot know what earlier ones have committed; Kafka's do not heed it. */
  #lastStableOffset({ log, isHighWatermarkBehind }: Partition): number {
    return this.#bounds.reader.kind === 'replica' && isHighWatermarkBehind ? -1 : log.lastStableOffset
  }

  #read(wanted: WantedPartition, partition: Partition, next: () => void): void {
    const { log } = partition
    const { reader } = this.#bounds
    const fetchOffset = Number(wanted.fetchOffset)
    // A reader may stand between the high watermark and the log end: it waits, it is not out of range.
    if (fetchOffset > log.logEndOffset || fetchOffset < log.logStartOffset) {
      // A follower that serves consumers may be behind what its leader sent them here with (KIP-392).
      const isBehind = fetchOffset > log.logEndOffset && !partition.isLeader
      this.#refuse(wanted, isBehind ? errorCode.OFFSET_NOT_AVAILABLE : errorCode.OFFSET_OUT_OF_RANGE, next)
      return
    }
    const unfit = reader.kind === 'replica' ? reader.positioned(partition, wanted) : 0
    if (unfit !== 0) {
      this.#refuse(wanted, unfit, next)
      return
    }
    const upperBoundOffset =
      reader.kind === 'replica'
        ? log.writtenOffset
        : this.#bounds.readCommitted
          ? log.lastStableOffset
          : log.highWatermark
    const leftBytes = this.#bounds.maxBytes - this.#sizeBytes
    const isFull = leftBytes <= 0 && this.#sizeBytes > 0
    const isHeld = reader.kind === 'replica' && fetchOffset < upperBoundOffset && reader.mustWait(partition)
    if (fetchOffset >= upperBoundOffset || isFull || isHeld) {
      this.#push(this.#part(wanted, partition, { isCut: fetchOffset < upperBoundOffset }))
      next()
      return
    }
    log.read(
      fetchOffset,
      {
        sizeBytesMax: Math.max(0, Math.min(wanted.partitionMaxBytes, leftBytes)),
        upperBoundOffset,
        atLeastOneBatch: this.#sizeBytes === 0,
        skipsEmptyBatches: reader.kind === 'consumer',
      },
      (outcome) => {
        this.#push(
          outcome.ok
            ? this.#part(wanted, partition, { slice: outcome, isCut: outcome.sizeBytes === 0 })
            : emptyPart(wanted, outcome.errorCode),
        )
        next()
      },
    )
  }

  #part(
    wanted: WantedPartition,
    partition: Partition,
    found: {
      readonly slice?: ReadOutcome & { ok: true }
      readonly divergingEpoch?: FetchedPart['divergingEpoch']
      readonly preferredReadReplica?: number
      readonly isCut?: boolean
    },
  ): FetchedPart {
    const { log } = partition
    const { slice } = found
    if (slice !== undefined) this.#releases.push(() => slice.release())
    const aborted =
      this.#bounds.readCommitted && slice !== undefined && slice.sizeBytes > 0
        ? log.abortedTransactions(slice.baseOffset, slice.nextOffset)
        : []
    return {
      wanted,
      partition,
      errorCode: 0,
      highWatermark: log.highWatermark,
      lastStableOffset: this.#lastStableOffset(partition),
      logStartOffset: log.logStartOffset,
      abortedTransactions: this.#bounds.readCommitted ? aborted : null,
      buffers: slice?.buffers ?? [],
      sizeBytes: slice?.sizeBytes ?? 0,
      divergingEpoch: found.divergingEpoch ?? null,
      preferredReadReplica: found.preferredReadReplica ?? HERE,
      isCut: found.isCut ?? false,
    }
  }

  #push(part: FetchedPart): void {
    this.#parts.push(part)
    this.#sizeBytes += part.sizeBytes
    if (part.errorCode !== 0 || part.divergingEpoch !== null || part.preferredReadReplica !== HERE)
      this.#failed = true
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
