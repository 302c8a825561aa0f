/**
 * A producer whose records are numbered, and the judge of what a log holds of them.
 *
 * What was acknowledged must be there, once, in the order of sending. A send that failed may be there or not.
 */
import type { Producer } from '../../src/client/producer.ts'
import { outcomeOf } from './test-client.ts'

export interface NumberedRecord {
  readonly partition: number
  readonly value: Buffer
}

/** Sends records of one partition; `OK`, or the code with which that failed. */
export type RecordSender = (records: readonly NumberedRecord[]) => Promise<string>

/** Sends with a producer of our own client. */
export function senderTo(topic: string, producer: Producer): RecordSender {
  return (records) => outcomeOf(producer.send(topic, records))
}

const PADDING = 'x'.repeat(400)

export class NumberedWriter {
  readonly name: string
  readonly partition: number
  readonly #send: RecordSender
  #sent = 0
  #acknowledgedCount = 0
  /** Acknowledged since the last judgement. */
  #acknowledged: number[] = []
  #seen = new Set<number>()
  #lastSeen = -1
  #lastOutcome = 'OK'

  constructor(name: string, partition: number, send: RecordSender) {
    this.name = name
    this.partition = partition
    this.#send = send
  }

  get acknowledgedCount(): number {
    return this.#acknowledgedCount
  }

  /** `OK`, or the code with which the last send failed. */
  get lastOutcome(): string {
    return this.#lastOutcome
  }

  /** Sends one batch of a few records; false when it is not known what became of it. */
  async sendNext(): Promise<boolean> {
    const first = this.#sent
    const count = 1 + (first % 7)
    this.#sent += count
    const numbers = Array.from({ length: count }, (_, index) => first + index)
    const records = numbers.map((number) => ({
      partition: this.partition,
      value: Buffer.from(`${this.name}:${number}:${PADDING}`),
    }))
    this.#lastOutcome = await this.#send(records)
    if (this.#lastOutcome !== 'OK') return false
    this.#acknowledged.push(...numbers)
    this.#acknowledgedCount += count
    return true
  }

  /** A record of this writer stands next in the log. */
  saw(number: number, violations: string[]): void {
    if (number >= this.#sent) violations.push(`${this.name}:${number} is in the log but was never sent`)
    if (number <= this.#lastSeen)
      violations.push(
        `${this.name}:${number} stands twice or out of order, after ${this.name}:${this.#lastSeen}`,
      )
    this.#lastSeen = Math.max(this.#lastSeen, number)
    this.#seen.add(number)
  }

  /** All of the log has been seen while nothing was under way. */
  judge(violations: string[]): void {
    const lost = this.#acknowledged.filter((number) => !this.#seen.has(number))
    if (lost.length > 0)
      violations.push(
        `${this.name} (partition ${this.partition}) lost ${lost.length} acknowledged records, the first ${lost[0]}`,
      )
    this.#acknowledged = []
    this.#seen = new Set()
  }
}

/** Name and number of a value that a writer sent; null for anything else. */
export function parseNumbered(
  value: Buffer | null,
): { readonly name: string; readonly number: number } | null {
  const [name, digits, padding] = value?.toString().split(':') ?? []
  if (name === undefined || digits === undefined || padding !== PADDING) return null
  return { name, number: Number(digits) }
}

/** What stands for a record in a history: its writer and number, or the beginning of what nobody sent. */
export function labelOf(value: Buffer | null): string {
  const parsed = parseNumbered(value)
  return parsed === null ? `?${value?.toString('latin1', 0, 40)}` : `${parsed.name}:${parsed.number}`
}
