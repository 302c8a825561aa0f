/**
 * Average, maximum and rate of what was recorded lately, as Kafka's own metrics have them: over the running window of 30
 * seconds and the one before it, so that a value fades within a minute.
 *
 * The time is given; it must not go back. Nothing recorded: average and maximum are not a number, the rate is 0.
 */
const WINDOW_MS = 30_000

interface Window {
  readonly beganMs: number
  count: number
  sum: number
  max: number
}

const begun = (beganMs: number): Window => ({ beganMs, count: 0, sum: 0, max: Number.NaN })

export class MetricWindow {
  #before: Window
  #running: Window

  constructor(nowMs: number) {
    this.#before = begun(nowMs)
    this.#running = begun(nowMs)
  }

  record(value: number, nowMs: number): void {
    this.#turnTo(nowMs)
    const { max } = this.#running
    this.#running.count++
    this.#running.sum += value
    this.#running.max = Number.isNaN(max) ? value : Math.max(max, value)
  }

  average(nowMs: number): number {
    this.#turnTo(nowMs)
    return (this.#before.sum + this.#running.sum) / (this.#before.count + this.#running.count)
  }

  max(nowMs: number): number {
    this.#turnTo(nowMs)
    const known = [this.#before.max, this.#running.max].filter((max) => !Number.isNaN(max))
    return known.length === 0 ? Number.NaN : Math.max(...known)
  }

  /** The sum of what was recorded, for each second; a first window that is not over counts as a whole one. */
  ratePerSecond(nowMs: number): number {
    this.#turnTo(nowMs)
    const elapsedMs = Math.max(WINDOW_MS, nowMs - this.#before.beganMs)
    return (this.#before.sum + this.#running.sum) / (elapsedMs / 1_000)
  }

  #turnTo(nowMs: number): void {
    const elapsedMs = nowMs - this.#running.beganMs
    if (elapsedMs < WINDOW_MS) return
    const runsFromMs = this.#running.beganMs + Math.floor(elapsedMs / WINDOW_MS) * WINDOW_MS
    this.#before = elapsedMs < 2 * WINDOW_MS ? this.#running : begun(runsFromMs - WINDOW_MS)
    this.#running = begun(runsFromMs)
  }
}
