/**
 * A producer that sends numbered records to one partition, one batch after the other, and notes what it was told.
 *
 * One that makes a single attempt for each send knows of some errors that nothing was appended.
 */
import { ClientError, type ClientErrorCode } from '../../client/client-error.ts'
import type { Cluster } from '../../client/cluster.ts'
import { Producer } from '../../client/producer.ts'
import { type History, sendBegun } from '../history.ts'
import type { SeededRandom } from '../seeded-random.ts'

export interface WriterOptions {
  readonly name: string
  readonly topic: string
  readonly partition: number
  readonly acks: 0 | 1 | -1
  readonly idempotent: boolean
  /** How long its client tries again: not at all, not long enough for every fault, or longer than any lasts. */
  readonly patience: 'none' | 'some' | 'enough'
}

/** Of a single attempt: nothing was sent, or it was refused before it was appended. */
const REFUSED: readonly ClientErrorCode[] = [
  'CONNECTION_FAILED',
  'LEADER_NOT_AVAILABLE',
  'NOT_ENOUGH_REPLICAS',
  'MESSAGE_TOO_LARGE',
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'INVALID_PRODUCER_EPOCH',
]
const RECORDS_MAX = 5
const PADDING_BYTES_MAX = 300
const PAUSE_MS_MAX = 40
const LATE_MS_MAX = 500
/** How often it is another process that goes on, which has a producer id of its own. */
const NEW_LIFE_SHARE = 0.02

export class NumberedWriter {
  readonly #cluster: Cluster
  readonly #history: History
  readonly #random: SeededRandom
  readonly #options: WriterOptions
  #next = 0

  constructor(cluster: Cluster, history: History, random: SeededRandom, options: WriterOptions) {
    this.#cluster = cluster
    this.#history = history
    this.#random = random
    this.#options = options
  }

  /** Sends until that is over. */
  async run(isOver: () => boolean): Promise<void> {
    const { acks, idempotent } = this.#options
    const begin = (): Producer => new Producer(this.#cluster, { acks, idempotent })
    let producer = begin()
    while (!isOver()) {
      if (this.#random.chance(NEW_LIFE_SHARE)) producer = begin()
      await this.#sendOnce(producer)
      await this.#cluster.pause(this.#random.between(0, PAUSE_MS_MAX))
    }
  }

  async #sendOnce(producer: Producer): Promise<void> {
    const { name, topic, partition, acks, idempotent, patience } = this.#options
    const count = 1 + this.#random.below(RECORDS_MAX)
    const labels = Array.from({ length: count }, () => `${name}:${this.#next++}`)
    const isPatient = idempotent && patience === 'enough'
    const invokedMs = this.#nowMs()
    const sent = sendBegun({ writer: name, topic, partition, acks, isPatient, labels, invokedMs })
    this.#history.sends.push(sent)
    const padding = 'x'.repeat(this.#random.below(PADDING_BYTES_MAX))
    // Times that are out of order, as those of many producers are.
    const timestampMs = this.#cluster.world.clock.wallMs() - this.#random.below(LATE_MS_MAX)
    const records = labels.map((label) => ({
      partition,
      timestampMs,
      value: Buffer.from(`${label} ${padding}`),
    }))
    try {
      const [batch] = await producer.send(topic, records)
      sent.outcome = 'acknowledged'
      sent.baseOffset = batch?.baseOffset ?? -1
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
      sent.outcome = patience === 'none' && REFUSED.includes(error.code) ? 'refused' : 'unknown'
      sent.error = { code: error.code, isRetriable: error.retriable }
    }
    sent.endedMs = this.#nowMs()
  }

  #nowMs(): number {
    return this.#cluster.world.clock.monotonicMs()
  }
}

/** The label of a record that a writer sent; all of the text where nobody did. */
export function labelOf(value: Buffer | null): string {
  const text = value?.toString('latin1') ?? ''
  const end = text.indexOf(' ')
  return end < 0 ? `?${text}` : text.slice(0, end)
}
