/**
 * What Raft needs to know of a log: where it begins and ends, and of which epoch each entry is (KIP-101, KIP-595).
 *
 * It holds no entries. What lies before its beginning is in a snapshot, so it is committed: no point there can be in
 * conflict with a leader's log. It must never be cut below its beginning.
 */
import { assert } from './assert.ts'
import type { EntrySpan, LogEnd, SnapshotId } from './message.ts'

export class EpochLog {
  /** Oldest first, one for each epoch, without gaps. */
  #spans: EntrySpan[] = []
  #startOffset: number
  /** Epoch of the last entry before the beginning; null when nobody has said so. */
  #startEpoch: number | null

  /** `startEpoch`: see above; an empty log that begins at 0 has epoch 0 there. */
  constructor(startOffset: number, startEpoch: number | null, spans: readonly EntrySpan[]) {
    this.#startOffset = startOffset
    this.#startEpoch = startOffset === 0 ? 0 : startEpoch
    for (const span of spans) this.append(span)
  }

  get startOffset(): number {
    return this.#startOffset
  }

  get endOffset(): number {
    return this.#spans.at(-1)?.endOffset ?? this.#startOffset
  }

  get end(): LogEnd {
    const last = this.#spans.at(-1)
    return { endOffset: this.endOffset, epoch: last?.epoch ?? this.#startEpoch ?? 0 }
  }

  /** The point right before `offset`, with the epoch of the entry before it; null where that is not known any more. */
  pointAt(offset: number): LogEnd | null {
    if (offset > this.endOffset || offset < this.#startOffset) return null
    if (offset === this.#startOffset) {
      return this.#startEpoch === null ? null : { endOffset: offset, epoch: this.#startEpoch }
    }
    const span = this.#spans.findLast(({ baseOffset }) => baseOffset < offset)
    assert(span !== undefined, 'the spans begin where the log begins')
    return { endOffset: offset, epoch: span.epoch }
  }

  /** Whether this log and one that ends in `point` agree up to there. */
  holds(point: LogEnd): boolean {
    if (point.endOffset > this.endOffset) return false
    if (point.endOffset < this.#startOffset) return true
    const own = this.pointAt(point.endOffset)
    return own === null || own.epoch === point.epoch
  }

  /** The end of the largest epoch here that is not above `epoch`; null when it lies before the log's beginning. */
  endOfEpoch(epoch: number): LogEnd | null {
    const span = this.#spans.findLast((one) => one.epoch <= epoch)
    if (span !== undefined) return { endOffset: span.endOffset, epoch: span.epoch }
    if (this.#startEpoch === null || this.#startEpoch > epoch) return null
    return { endOffset: this.#startOffset, epoch: this.#startEpoch }
  }

  /**
   * The last point at which another log may agree with this one, by `end`, the end of one of its epochs; -1 when it lies
   * before the beginning. Always where an epoch ends in one of the logs that both have it, so never within a batch.
   */
  lastAgreement(end: LogEnd): number {
    const own = this.endOfEpoch(end.epoch)
    if (own === null) return -1
    return own.epoch === end.epoch ? Math.min(own.endOffset, end.endOffset) : own.endOffset
  }

  /** How far this log has what `spans` has, which follow a point that it holds. */
  agreedEnd(fromOffset: number, spans: readonly EntrySpan[]): number {
    let offset = fromOffset
    for (const span of spans) {
      if (offset < this.#startOffset) offset = Math.min(span.endOffset, this.#startOffset)
      while (offset < span.endOffset) {
        const own = this.#spans.findLast(({ baseOffset }) => baseOffset <= offset)
        if (own === undefined || offset >= own.endOffset || own.epoch !== span.epoch) return offset
        offset = Math.min(own.endOffset, span.endOffset)
      }
    }
    return offset
  }

  /** Throws when the span does not follow: the host and the machine would have different logs. */
  append(span: EntrySpan): void {
    const { endOffset, epoch } = this.end
    assert(span.baseOffset === endOffset && span.endOffset > endOffset, 'entries follow the end of the log')
    assert(span.epoch >= epoch, 'epochs never fall')
    const last = this.#spans.at(-1)
    if (last?.epoch === span.epoch)
      this.#spans[this.#spans.length - 1] = { ...last, endOffset: span.endOffset }
    else this.#spans.push(span)
  }

  /** Drops everything from `offset` on. */
  truncate(offset: number): void {
    assert(offset >= this.#startOffset, 'what a snapshot holds is never cut')
    this.#spans = this.#spans
      .filter(({ baseOffset }) => baseOffset < offset)
      .map((span) => ({ ...span, endOffset: Math.min(span.endOffset, offset) }))
  }

  /** Forgets everything before `offset`, which a snapshot holds now. */
  dropBefore(offset: number): void {
    if (offset <= this.#startOffset) return
    const point = this.pointAt(offset)
    assert(point !== null, 'the log cannot begin after its end')
    this.#spans = this.#spans
      .filter(({ endOffset }) => endOffset > offset)
      .map((span) => ({ ...span, baseOffset: Math.max(span.baseOffset, offset) }))
    this.#startOffset = offset
    this.#startEpoch = point.epoch
  }

  /** The log is a snapshot and nothing after it. */
  reset(snapshot: SnapshotId): void {
    this.#spans = []
    this.#startOffset = snapshot.endOffset
    this.#startEpoch = snapshot.epoch
  }
}
