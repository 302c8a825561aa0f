/**
 * Whether this node serves what was committed before it came, and who waits for that.
 *
 * It has caught up when it serves an entry of the epoch that leads, for with it come all of the epochs before, and
 * everything that the leader had committed when it was first heard of in that epoch. It never takes what an earlier leader
 * said for the truth of now.
 */

/** What is known of the node. */
export interface CatchUpView {
  readonly isActive: boolean
  readonly epoch: number
  /** Another node that leads; null this one does, or nobody is known to. */
  readonly otherLeaderId: number | null
  readonly appliedOffset: number
  /** The epoch of the last entry that is served; -1 when nothing here tells it. */
  readonly appliedEpoch: number
}

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

export class CatchUp {
  readonly #view: () => CatchUpView
  /** The newest high watermark that a leader has told, and its epoch. */
  #heard = { epoch: -1, highWatermark: 0 }
  #waiters: Waiter[] = []

  constructor(view: () => CatchUpView) {
    this.#view = view
  }

  /** A leader has said how far it has committed. */
  hear(epoch: number, highWatermark: number): void {
    const { epoch: heardEpoch, highWatermark: heardOffset } = this.#heard
    const isNews = epoch === heardEpoch && highWatermark > heardOffset && !this.isDone
    if (epoch > heardEpoch || isNews) this.#heard = { epoch, highWatermark }
  }

  get isDone(): boolean {
    const { isActive, epoch, otherLeaderId, appliedOffset, appliedEpoch } = this.#view()
    if (isActive) return true
    if (otherLeaderId === null || this.#heard.epoch !== epoch) return false
    return appliedEpoch === epoch && appliedOffset >= this.#heard.highWatermark
  }

  /** Resolves when it has caught up; rejects with what `fail` is given. */
  wait(): Promise<void> {
    if (this.isDone) return Promise.resolve()
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }))
  }

  /** Something has moved. */
  look(): void {
    if (this.#waiters.length > 0 && this.isDone) for (const { resolve } of this.#waiters.splice(0)) resolve()
  }

  fail(error: Error): void {
    for (const { reject } of this.#waiters.splice(0)) reject(error)
  }
}
