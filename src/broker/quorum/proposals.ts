/**
 * The commands of an active controller, from their arrival to their reply.
 *
 * Each is decided at once against the image that the ones before it will make, and its records go to the log as one
 * batch; batches that are written together share their syncs and their way to the other nodes. A command whose records
 * did not get into the log is told so, together with all that were decided after it. A reply is given when everything
 * before it is committed and served here. It never appends while this node does not lead.
 */
import { apply } from '../../coordination/metadata/apply.ts'
import type { MetadataDelta } from '../../coordination/metadata/delta.ts'
import type { MetadataImage } from '../../coordination/metadata/image.ts'
import type { MetadataRecord } from '../../coordination/metadata/record.ts'
import { limits } from '../../runtime/limits.ts'
import type { MetadataCommand } from './metadata-quorum.ts'
import { MetadataUnavailable } from './metadata-unavailable.ts'
import { NotController } from './not-controller.ts'
import type { DecisionAppend } from './raft-log.ts'

interface Waiting {
  readonly command: MetadataCommand<unknown>
  readonly resolve: (reply: unknown) => void
  readonly reject: (error: Error) => void
}

/** A decided command, and where the log ends with its records. */
export interface Decided {
  readonly endOffset: number
  readonly change: {
    readonly image: MetadataImage
    readonly delta: MetadataDelta
    readonly sizeBytes: number
  } | null
  /** Gives the reply. */
  readonly settle: () => void
  readonly reject: (error: Error) => void
}

export interface ProposalLog {
  /** Where the next decision will stand. */
  endOffset(): number
  /** Appends the records of one decision. */
  append(records: readonly MetadataRecord[]): {
    readonly appended: DecisionAppend
    readonly sizeBytes: number
  }
}

export class Proposals {
  readonly #log: ProposalLog
  /** What the log makes when all of it is committed; null while this node is not active. */
  #image: MetadataImage | null = null
  #waiting: Waiting[] = []
  #decided: Decided[] = []
  #failure: Error | null = null

  constructor(log: ProposalLog) {
    this.#log = log
  }

  get isActive(): boolean {
    return this.#image !== null
  }

  /** Decides the command now, or when its turn comes. The caller has made sure that this node leads. */
  submit<Reply>(command: MetadataCommand<Reply>): Promise<Reply> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    if (this.#waiting.length >= limits.quorumCommandsWaitingMax)
      return Promise.reject(new MetadataUnavailable())
    return new Promise<Reply>((resolve, reject) => {
      // The reply comes from this very command, so it has the command's type.
      this.#waiting.push({ command, resolve: resolve as (reply: unknown) => void, reject })
      this.#decideWaiting()
    })
  }

  /** This node serves everything that was committed before it led: what waits is decided from `image` on. */
  activate(image: MetadataImage): void {
    this.#image = image
    this.#decideWaiting()
  }

  /** This node leads no more. What was committed is still answered, of the rest nobody knows. */
  resign(highWatermark: number, leaderId: number): void {
    this.#image = null
    const lost = this.#decided.filter(({ endOffset }) => endOffset > highWatermark)
    this.#decided = this.#decided.filter(({ endOffset }) => endOffset <= highWatermark)
    for (const { reject } of lost)
      reject(new NotController(leaderId, 'leadership was lost before the change was committed'))
    this.#rejectWaiting(new NotController(leaderId))
  }

  /** The log ends at `fromOffset` again, for want of room; `image` is that of the newest change that is left. */
  takenBack(fromOffset: number, committed: MetadataImage): void {
    const lost = this.#decided.filter(({ endOffset }) => endOffset > fromOffset)
    this.#decided = this.#decided.filter(({ endOffset }) => endOffset <= fromOffset)
    if (this.#image !== null)
      this.#image = this.#decided.findLast(({ change }) => change !== null)?.change?.image ?? committed
    // What was decided after a change that is not in the log was decided on what never happened.
    for (const { reject } of lost) reject(new MetadataUnavailable())
  }

  /** The next decision if it is committed; the caller applies and settles it. */
  takeCommitted(highWatermark: number): Decided | null {
    const first = this.#decided[0]
    if (first === undefined || first.endOffset > highWatermark) return null
    this.#decided.shift()
    return first
  }

  /** After some were taken, others may be decided. */
  decideMore(): void {
    this.#decideWaiting()
  }

  /** Nothing may be decided any more. */
  fail(error: Error): void {
    this.#failure ??= error
    this.#image = null
    for (const { reject } of this.#decided.splice(0)) reject(error)
    this.#rejectWaiting(error)
  }

  #rejectWaiting(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }

  #decideWaiting(): void {
    while (this.#image !== null && this.#decided.length < limits.quorumCommandsDecidedMax) {
      const waiting = this.#waiting.shift()
      if (waiting === undefined) return
      try {
        this.#decide(this.#image, waiting)
      } catch (error) {
        waiting.reject(error instanceof Error ? error : new Error(String(error)))
      }
    }
  }

  #decide(image: MetadataImage, { command, resolve, reject }: Waiting): void {
    const { records, reply } = command(image, this.#log.endOffset())
    const settle = (): void => resolve(reply)
    if (records.length === 0) {
      this.#decided.push({ endOffset: this.#log.endOffset(), change: null, settle, reject })
      return
    }
    const applied = apply(image, records)
    if (!applied.ok) throw new Error(`a decided record cannot be applied: ${JSON.stringify(applied.problem)}`)
    const { appended, sizeBytes } = this.#log.append(records)
    if (appended === 'full') throw new MetadataUnavailable()
    if (appended === 'too-large')
      throw new Error('the records of one decision are more than a batch can hold')
    this.#image = applied.image
    const change = { image: applied.image, delta: applied.delta, sizeBytes }
    this.#decided.push({ endOffset: appended.endOffset, change, settle, reject })
  }
}
