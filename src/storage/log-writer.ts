/**
 * Brings queued appends into the files, in order: one write for all of an event-loop turn.
 *
 * Small writes are done at once, large ones asynchronously with one under way (the log then gathers more).
 * A write that fails for want of room leaves the file as it was and takes back everything queued (trap 1);
 * the next append simply tries again. Any other failure is the directory's end.
 */
import type { DiskError } from '../runtime/disk.ts'
import { limits } from '../runtime/limits.ts'
import type { BatchFacts } from './batch-facts.ts'
import { isPassing, toDiskError } from './disk-failures.ts'
import type { LogEnvironment } from './log-environment.ts'
import type { ProducerChange } from './producer-state.ts'
import type { Segment } from './segment.ts'

/** One accepted append on its way to the file. */
export interface QueuedAppend {
  readonly segment: Segment
  /** Where its first byte goes. */
  readonly position: number
  readonly bytes: Buffer
  readonly batches: readonly BatchFacts[]
  readonly baseOffset: number
  readonly endOffset: number
  /** What it did to the producers, oldest first; taken back when the write fails. */
  readonly producerChanges: readonly ProducerChange[]
  readonly released: (() => void) | undefined
}

export interface WriterOwner {
  /** `appends` are in the file now, in order. */
  written(appends: readonly QueuedAppend[]): void
  /** `appends` will never be in the file; oldest first. */
  takenBack(appends: readonly QueuedAppend[], error: DiskError): void
  /** The disk failed for good. */
  diskFailed(error: DiskError): void
}

export class LogWriter {
  readonly #environment: LogEnvironment
  readonly #owner: WriterOwner
  #queue: QueuedAppend[] = []
  #queuedBytes = 0
  #isScheduled = false
  #isWriting = false
  #idleWaiters: Array<() => void> = []

  constructor(environment: LogEnvironment, owner: WriterOwner) {
    this.#environment = environment
    this.#owner = owner
  }

  /** Bytes that wait or are being written. */
  get queuedBytes(): number {
    return this.#queuedBytes
  }

  enqueue(append: QueuedAppend): void {
    this.#queue.push(append)
    this.#queuedBytes += append.bytes.length
    if (this.#isScheduled || this.#isWriting) return
    this.#isScheduled = true
    this.#environment.clock.endOfTurn(this.#drain)
  }

  /** Runs `callback` when nothing is queued or under way; now, if the rest can be written at once. */
  whenIdle(callback: () => void): void {
    this.#drain()
    if (this.#queue.length === 0 && !this.#isWriting) callback()
    else this.#idleWaiters.push(callback)
  }

  /** Gives up everything that is queued (the directory failed). */
  abandon(error: DiskError): void {
    this.#takeBackAll([], error)
  }

  readonly #drain = (): void => {
    this.#isScheduled = false
    while (this.#queue.length > 0 && !this.#isWriting) this.#writeNext()
    if (this.#queue.length > 0 || this.#isWriting || this.#idleWaiters.length === 0) return
    const waiters = this.#idleWaiters
    this.#idleWaiters = []
    for (const waiter of waiters) waiter()
  }

  /** As many appends from the head of the queue as go into the same segment with one write. */
  #nextRun(): QueuedAppend[] {
    const segment = this.#queue[0]?.segment
    let count = 0
    let bytes = 0
    for (const append of this.#queue) {
      if (append.segment !== segment || (count > 0 && bytes + append.bytes.length > limits.writeBytesMax))
        break
      bytes += append.bytes.length
      count++
    }
    if (count === this.#queue.length) {
      const all = this.#queue
      this.#queue = []
      return all
    }
    return this.#queue.splice(0, count)
  }

  #writeNext(): void {
    const run = this.#nextRun()
    const first = run[0]
    if (first === undefined) return
    const last = run.at(-1) ?? first
    const { segment, position } = first
    const sizeBytes = last.position + last.bytes.length - position
    const buffers = run.map((append) => append.bytes)
    try {
      const file = segment.hasLog ? segment.log.use() : segment.log.useOrCreate()
      segment.hasLog = true
      if (sizeBytes <= limits.syncWriteBytesMax) {
        file.writeSync(buffers, position)
        this.#succeed(run, sizeBytes)
        return
      }
      this.#isWriting = true
      segment.log.hold().write(buffers, position, (error) => {
        segment.log.free()
        this.#isWriting = false
        if (error === null) this.#succeed(run, sizeBytes)
        else this.#fail(run, error)
        this.#drain()
      })
    } catch (error) {
      this.#isWriting = false
      this.#fail(run, toDiskError(error))
    }
  }

  #succeed(run: readonly QueuedAppend[], sizeBytes: number): void {
    this.#queuedBytes -= sizeBytes
    const segment = run[0]?.segment
    if (segment !== undefined) segment.writtenBytes += sizeBytes
    this.#owner.written(run)
  }

  #fail(run: QueuedAppend[], error: DiskError): void {
    const segment = run[0]?.segment
    let cause = error
    if (isPassing(error) && segment !== undefined) {
      try {
        // What a short write left behind must not stand between this batch and the next.
        if (segment.hasLog && segment.writtenBytes < segment.log.use().sizeBytes()) {
          segment.log.use().truncateSync(segment.writtenBytes)
        }
        this.#takeBackAll(run, error)
        return
      } catch (truncateError) {
        cause = toDiskError(truncateError)
      }
    }
    this.#takeBackAll(run, cause)
    this.#owner.diskFailed(cause)
  }

  #takeBackAll(run: readonly QueuedAppend[], error: DiskError): void {
    const all = [...run, ...this.#queue]
    this.#queue = []
    this.#queuedBytes = 0
    if (all.length > 0) this.#owner.takenBack(all, error)
  }
}
