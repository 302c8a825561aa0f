/**
 * An idempotent producer with five requests under way at a time, as clients have them by default (KIP-98).
 *
 * What fails is sent again with all that was sent after it, in the same order and with the same sequences, until it is
 * acknowledged; so nothing may be lost, doubled or out of order, and the first of what is left is never out of sequence.
 * A broker knows the last five batches of a producer again, so it never goes on further than that past the first of what is
 * left, though what came behind it be acknowledged. It gives up only when no further attempt can change what it is told.
 */
import { answeredError, ClientError } from '../../client/client-error.ts'
import type { Cluster } from '../../client/cluster.ts'
import { errorCode } from '../../protocol/errors.ts'
import { initProducerId } from '../../protocol/messages/init-producer-id.ts'
import { produce } from '../../protocol/messages/produce.ts'
import { buildBatch } from '../../protocol/records/builder.ts'
import { type History, type SentRecords, sendBegun } from '../history.ts'
import type { SeededRandom } from '../seeded-random.ts'

/** One batch that is not acknowledged yet. */
interface Unacknowledged {
  readonly sent: SentRecords
  readonly bytes: Buffer
  /** How many were made before it. */
  readonly index: number
}

interface ProducerId {
  readonly producerId: bigint
  readonly producerEpoch: number
}

/** From the first that is not acknowledged to the last that was made. */
const WINDOW_BATCHES = 5
const RECORDS_MAX = 3
const PAUSE_MS_MAX = 40
const RETRY_MS_MAX = 150
/** How often a batch arrives before the one that was made before it, as over another connection. */
const OVERTAKING_SHARE = 0.03
const PRODUCE_TIMEOUT_MS = 1_500
const REQUEST_TIMEOUT_MS = 2_000
/** Produce up to 12 names topics, which needs no look-up of ids. */
const VERSION_BY_NAME = 12

export class PipelinedWriter {
  readonly #cluster: Cluster
  readonly #history: History
  readonly #random: SeededRandom
  readonly #name: string
  readonly #topic: string
  readonly #partition: number
  #unacknowledged: Unacknowledged[] = []
  #next = 0
  #batches = 0
  /** Something of it is committed: from then on every leader knows which sequence comes next. */
  #isKnown = false
  /** What no further attempt can change. */
  #refusal: ClientError | null = null

  constructor(
    cluster: Cluster,
    history: History,
    random: SeededRandom,
    where: { readonly name: string; readonly topic: string; readonly partition: number },
  ) {
    this.#cluster = cluster
    this.#history = history
    this.#random = random
    this.#name = where.name
    this.#topic = where.topic
    this.#partition = where.partition
  }

  /** Sends until that is over, and everything is acknowledged. */
  async run(isOver: () => boolean): Promise<void> {
    const id = await this.#producerId(isOver)
    while (id !== null && this.#refusal === null && !(isOver() && this.#unacknowledged.length === 0)) {
      try {
        await this.#cluster.atLeader(this.#topic, this.#partition, (leader) =>
          this.#sendTo(leader, id, isOver),
        )
      } catch (error) {
        if (!(error instanceof ClientError)) throw error
        if (!error.retriable) this.#giveUp(error)
        await this.#cluster.pause(this.#random.between(0, RETRY_MS_MAX))
      }
    }
  }

  /** null: it was over before anybody gave one. */
  async #producerId(isOver: () => boolean): Promise<ProducerId | null> {
    while (!isOver()) {
      try {
        const asked = { transactionalId: null, transactionTimeoutMs: 0 }
        const answer = await this.#cluster.request(null, initProducerId, asked)
        if (answer.errorCode === 0) return answer
      } catch (error) {
        if (!(error instanceof ClientError)) throw error
      }
      await this.#cluster.pause(this.#random.between(0, RETRY_MS_MAX))
    }
    return null
  }

  /** Goes on over one connection until something fails, which it throws once nothing is under way any more. */
  async #sendTo(leader: number, id: ProducerId, isOver: () => boolean): Promise<void> {
    const connection = await this.#cluster.connection(leader)
    let failure: unknown = null
    const underWay: Promise<void>[] = []
    const send = (batch: Unacknowledged): void => {
      const body = {
        transactionalId: null,
        acks: -1,
        timeoutMs: PRODUCE_TIMEOUT_MS,
        topicData: [{ name: this.#topic, partitionData: [{ index: this.#partition, records: batch.bytes }] }],
      }
      const options = { versionMax: VERSION_BY_NAME, timeoutMs: REQUEST_TIMEOUT_MS }
      const answered = connection.request(produce, body, options).then(({ responses: [topic] }) => {
        const part = topic?.partitionResponses[0]
        this.#take(batch, part?.errorCode ?? errorCode.UNKNOWN_SERVER_ERROR, Number(part?.baseOffset ?? -1))
      })
      underWay.push(
        answered.catch((error: unknown) => {
          failure ??= error
        }),
      )
    }
    for (const batch of this.#unacknowledged) send(batch)
    while (failure === null && !(isOver() && this.#unacknowledged.length === 0)) {
      if (!isOver()) for (const batch of this.#nextOf(id)) send(batch)
      await this.#cluster.pause(this.#random.between(0, PAUSE_MS_MAX))
    }
    await Promise.all(underWay)
    if (failure !== null) throw failure
  }

  /** What goes out next, if there is room: a batch, or two of which the later one goes first and must be refused. */
  #nextOf(id: ProducerId): readonly Unacknowledged[] {
    const [first] = this.#unacknowledged
    const room = WINDOW_BATCHES - (first === undefined ? 0 : this.#batches - first.index)
    if (room <= 0) return []
    const batch = this.#made(id)
    const isOvertaken = room > 1 && this.#isKnown && this.#random.chance(OVERTAKING_SHARE)
    return isOvertaken ? [this.#made(id), batch] : [batch]
  }

  #made({ producerId, producerEpoch }: ProducerId): Unacknowledged {
    const baseSequence = this.#next
    const count = 1 + this.#random.below(RECORDS_MAX)
    const labels = Array.from({ length: count }, () => `${this.#name}:${this.#next++}`)
    const sent = sendBegun({
      writer: this.#name,
      topic: this.#topic,
      partition: this.#partition,
      acks: -1,
      isPatient: true,
      labels,
      invokedMs: this.#nowMs(),
    })
    this.#history.sends.push(sent)
    const timestampMs = this.#cluster.world.clock.wallMs()
    const records = labels.map((label) => ({ key: null, timestampMs, value: Buffer.from(`${label} `) }))
    const bytes = buildBatch(records, { compression: 'none', producerId, producerEpoch, baseSequence })
    const batch = { sent, bytes, index: this.#batches++ }
    this.#unacknowledged.push(batch)
    return batch
  }

  /** Throws what the batch must be sent again for. */
  #take(batch: Unacknowledged, code: number, baseOffset: number): void {
    const isFirst = this.#unacknowledged[0] === batch
    // Whoever follows one that failed is out of sequence until that is there.
    if (code === errorCode.OUT_OF_ORDER_SEQUENCE_NUMBER && !isFirst)
      throw new ClientError('OUT_OF_ORDER_SEQUENCE_NUMBER', `behind another batch that failed`, true)
    if (code !== 0 && code !== errorCode.DUPLICATE_SEQUENCE_NUMBER)
      throw answeredError(code, `${this.#topic}-${this.#partition}`)
    this.#isKnown = true
    batch.sent.outcome = 'acknowledged'
    batch.sent.baseOffset = baseOffset
    batch.sent.endedMs = this.#nowMs()
    this.#unacknowledged = this.#unacknowledged.filter((other) => other !== batch)
  }

  #giveUp(error: ClientError): void {
    this.#refusal = error
    for (const { sent } of this.#unacknowledged) {
      sent.outcome = 'unknown'
      sent.endedMs = this.#nowMs()
    }
    const [first] = this.#unacknowledged
    if (first !== undefined) first.sent.error = { code: error.code, isRetriable: false }
  }

  #nowMs(): number {
    return this.#cluster.world.clock.monotonicMs()
  }
}
