/**
 * Produce (0), versions 3–13, advertised from 0 because librdkafka looks for it there (KAFKA-18659).
 *
 * Batches go to their logs as received. acks=0 is never answered; acks=1 is answered when written, acks=all
 * when the high watermark has passed the records, both without a promise per request. Several batches of one
 * partition in one request are appended together. Refused here: unknown acks (21), transactional
 * records without a transactional id (53).
 */
import { errorCode } from '../../protocol/errors.ts'
import { type ProduceRequest, type ProduceResponseInput, produce } from '../../protocol/messages/produce.ts'
import { BATCH_HEADER_BYTES, isTransactional } from '../../protocol/records/batch.ts'
import type { AppendOutcome } from '../../storage/append-outcome.ts'
import { CurrentLeaders } from '../current-leaders.ts'
import { type Call, serve } from '../handler.ts'
import { codeForVersion } from '../older-codes.ts'
import type { Partition } from '../partitions/partition.ts'

type TopicData = ProduceRequest['topicData'][number]
type PartitionResponse = NonNullable<ProduceResponseInput['responses'][number]['partitionResponses']>[number]

const NO_OFFSET = -1n
const ACKS_NONE = 0
const ACKS_ALL = -1
/** From here on an answer tells who leads what is led elsewhere (KIP-951). */
const FIRST_VERSION_WITH_LEADERS = 10
const FIRST_VERSION_WITH_TOPIC_IDS = 13

/** What one partition's part came to; filled in as answers arrive. */
interface Part {
  readonly topic: TopicData
  readonly index: number
  errorCode: number
  message: string | null
  baseOffset: number
  logAppendTimeMs: number
  logStartOffset: number
  recordErrors: readonly { batchIndex: number; message: string }[]
}

/** One produce request until its last partition has settled. */
class ProduceInFlight {
  readonly #call: Call<ProduceResponseInput>
  readonly #acks: number
  readonly #parts: Part[] = []
  #unsettled = 1
  #keptSlices = 1
  readonly #releaseFrame: () => void
  #answered = false

  constructor(call: Call<ProduceResponseInput>, acks: number) {
    this.#call = call
    this.#acks = acks
    this.#releaseFrame = call.keepFrame()
  }

  append(topic: TopicData, index: number, records: Buffer | null): void {
    const part: Part = {
      topic,
      index,
      errorCode: 0,
      message: null,
      baseOffset: -1,
      logAppendTimeMs: -1,
      logStartOffset: -1,
      recordErrors: [],
    }
    this.#parts.push(part)
    const { broker, apiVersion } = this.#call
    const partition =
      apiVersion >= FIRST_VERSION_WITH_TOPIC_IDS
        ? broker.partitions.byTopicId(topic.topicId, index)
        : broker.partitions.byName(topic.name, index)
    if (typeof partition === 'number') {
      part.errorCode = partition
      return
    }
    part.errorCode = partition.leaderError(-1) || (this.#acks === ACKS_ALL ? partition.acksAllError : 0)
    if (part.errorCode !== 0) return
    this.#keptSlices++
    const outcome = partition.append(records ?? Buffer.alloc(0), {
      origin: 'client',
      nowMs: broker.world.clock.wallMs(),
      released: () => this.#sliceReleased(),
    })
    this.#note(part, partition, outcome)
  }

  /** All partitions have been tried; answers now or when the last one settles. */
  begun(timeoutMs: number): void {
    this.#sliceReleased()
    if (this.#acks === ACKS_NONE) {
      this.#endWithoutAnswer()
      return
    }
    this.#settled()
    if (this.#answered || this.#acks !== ACKS_ALL) return
    const timer = this.#call.broker.world.clock.schedule(Math.max(0, timeoutMs), () => this.#expire())
    this.#cancelTimer = () => timer.cancel()
  }

  #cancelTimer: () => void = () => {}

  #note(part: Part, partition: Partition, outcome: AppendOutcome): void {
    if (!outcome.ok) {
      const { partitions } = this.#call.broker
      part.errorCode = outcome.errorCode
      part.message = outcome.message
      // A producer gives up for that; a deposed leader says it where its successor has the sequences that it lacks.
      if (outcome.errorCode === errorCode.OUT_OF_ORDER_SEQUENCE_NUMBER && !partitions.surelyLeads(partition))
        part.errorCode = errorCode.NOT_LEADER_OR_FOLLOWER
      part.recordErrors = outcome.recordErrors
      return
    }
    part.baseOffset = outcome.baseOffset
    part.logAppendTimeMs = outcome.logAppendTimeMs
    part.logStartOffset = outcome.logStartOffset
    this.#call.broker.partitions.produced(partition, outcome)
    if (this.#acks === ACKS_NONE) return
    this.#unsettled++
    const ack = {
      endOffset: outcome.lastOffset + 1,
      settle: (code: number) => {
        if (code !== 0) part.errorCode = code
        this.#settled()
      },
    }
    if (this.#acks === ACKS_ALL) partition.whenCommitted(ack)
    else partition.whenWritten(ack)
  }

  #settled(): void {
    if (--this.#unsettled > 0 || this.#answered) return
    this.#answer()
  }

  /** The records are in the log but not counted in time: the producer must ask again. */
  #expire(): void {
    if (this.#answered) return
    for (const part of this.#parts) if (part.errorCode === 0) part.errorCode = errorCode.REQUEST_TIMED_OUT
    this.#answer()
  }

  #sliceReleased(): void {
    if (--this.#keptSlices === 0) this.#releaseFrame()
  }

  /** Nobody reads an answer, so an error closes the connection: the only sign that the client can see. */
  #endWithoutAnswer(): void {
    const failed = this.#parts.find((part) => part.errorCode !== 0)
    if (failed === undefined) this.#call.replyNothing()
    else this.#call.connection.close(`a produce request with acks=0 failed with error ${failed.errorCode}`)
  }

  #answer(): void {
    this.#answered = true
    this.#cancelTimer()
    const responses: { name: string; topicId: string; partitionResponses: PartitionResponse[] }[] = []
    const { apiVersion } = this.#call
    const tellsLeaders =
      apiVersion >= FIRST_VERSION_WITH_LEADERS && this.#parts.some((part) => part.errorCode !== 0)
    const leaders = tellsLeaders ? new CurrentLeaders(this.#call) : null
    let topic: TopicData | null = null
    for (const part of this.#parts) {
      if (part.topic !== topic) {
        topic = part.topic
        responses.push({ name: topic.name, topicId: topic.topicId, partitionResponses: [] })
      }
      responses.at(-1)?.partitionResponses.push(partitionResponse(part, apiVersion, leaders))
    }
    this.#call.reply({ responses, throttleTimeMs: 0, nodeEndpoints: leaders?.endpoints })
  }
}

function partitionResponse(
  part: Part,
  apiVersion: number,
  leaders: CurrentLeaders | null,
): PartitionResponse {
  const failed = part.errorCode !== 0
  const isLedElsewhere = part.errorCode === errorCode.NOT_LEADER_OR_FOLLOWER
  return {
    index: part.index,
    errorCode: codeForVersion(produce.key, apiVersion, part.errorCode),
    baseOffset: failed ? NO_OFFSET : BigInt(part.baseOffset),
    logAppendTimeMs: failed ? NO_OFFSET : BigInt(part.logAppendTimeMs),
    logStartOffset: failed ? NO_OFFSET : BigInt(part.logStartOffset),
    recordErrors: part.recordErrors.map((error) => ({
      batchIndex: error.batchIndex,
      batchIndexErrorMessage: error.message,
    })),
    errorMessage: part.message,
    currentLeader: isLedElsewhere ? leaders?.leaderOf(part.topic, part.index) : undefined,
  }
}

function refuseAll(request: ProduceRequest, call: Call<ProduceResponseInput>, code: number): void {
  call.reply({
    responses: request.topicData.map((topic) => ({
      name: topic.name,
      topicId: topic.topicId,
      partitionResponses: topic.partitionData.map((data) => ({
        index: data.index,
        errorCode: code,
        baseOffset: NO_OFFSET,
      })),
    })),
    throttleTimeMs: 0,
  })
}

/** Whether transactional records come without the id of their transaction; of several batches the first one tells. */
function lacksTransactionalId(request: ProduceRequest): boolean {
  if (request.transactionalId !== null) return false
  return request.topicData.some((topic) =>
    topic.partitionData.some(
      ({ records }) =>
        records !== null && records.length >= BATCH_HEADER_BYTES && isTransactional(records, 0),
    ),
  )
}

export const produceHandler = serve(
  produce,
  (request, call) => {
    if (request.acks < ACKS_ALL || request.acks > 1) {
      refuseAll(request, call, errorCode.INVALID_REQUIRED_ACKS)
      return
    }
    if (lacksTransactionalId(request)) {
      if (request.acks === ACKS_NONE) call.hangUp('transactional records without a transactional id')
      else refuseAll(request, call, errorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
      return
    }
    const inFlight = new ProduceInFlight(call, request.acks)
    for (const topic of request.topicData) {
      for (const data of topic.partitionData) inFlight.append(topic, data.index, data.records)
    }
    inFlight.begun(request.timeoutMs)
  },
  { advertised: { min: 0, max: produce.versions.max } },
)
