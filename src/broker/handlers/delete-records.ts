/**
 * DeleteRecords (21), versions 0–2: moves the log start of partitions forward; -1 means the high watermark.
 *
 * Past the high watermark is out of range (1); on a topic that is only compacted it is a policy violation
 * (44), for the cleaner alone removes records there. The answer is the new low watermark, given when no replica that
 * lives holds the records any more (KIP-107), or 7 when the request's time is over before.
 */
import { isInternalTopic } from '../../coordination/metadata/topic-name.ts'
import { errorCode } from '../../protocol/errors.ts'
import { type DeleteRecordsResponseInput, deleteRecords } from '../../protocol/messages/delete-records.ts'
import type { Timer } from '../../runtime/clock.ts'
import { type Call, serve } from '../handler.ts'
import type { Partition } from '../partitions/partition.ts'

interface Answer {
  readonly partitionIndex: number
  lowWatermark: bigint
  errorCode: number
}

const HIGH_WATERMARK = -1n
const NO_OFFSET = -1n
/** Replicas tell where their logs begin with their fetches; it is looked at this often. */
const LOOK_MS = 20

/** Deletes, and answers the offset before which nothing may be left anywhere, or an error code. */
function deleteBefore(partition: Partition, asked: bigint): { offset: number } | { errorCode: number } {
  const { log } = partition
  if (isInternalTopic(partition.topic)) return { errorCode: errorCode.INVALID_TOPIC_EXCEPTION }
  if (log.config.compacts && !log.config.deletes) return { errorCode: errorCode.POLICY_VIOLATION }
  const offset = asked === HIGH_WATERMARK ? BigInt(log.highWatermark) : asked
  if (offset < 0n || offset > BigInt(log.highWatermark) || !log.deleteRecordsBefore(Number(offset)))
    return { errorCode: errorCode.OFFSET_OUT_OF_RANGE }
  return { offset: Number(offset) }
}

/** One request until every replica has deleted, or its time is over. */
class DeletionInFlight {
  readonly #call: Call<DeleteRecordsResponseInput>
  readonly #topics: { readonly name: string; readonly partitions: Answer[] }[] = []
  readonly #open = new Map<Answer, { readonly partition: Partition; readonly offset: number }>()
  readonly #deadlineMs: number
  #timer: Timer | null = null

  constructor(call: Call<DeleteRecordsResponseInput>, timeoutMs: number) {
    this.#call = call
    this.#deadlineMs = call.broker.world.clock.monotonicMs() + Math.max(0, timeoutMs)
  }

  topic(
    name: string,
    partitions: readonly { readonly partitionIndex: number; readonly offset: bigint }[],
  ): void {
    this.#topics.push({
      name,
      partitions: partitions.map(({ partitionIndex, offset }) => this.#delete(name, partitionIndex, offset)),
    })
  }

  #delete(topic: string, partitionIndex: number, offset: bigint): Answer {
    const answer: Answer = { partitionIndex, lowWatermark: NO_OFFSET, errorCode: 0 }
    const partition = this.#call.broker.partitions.byName(topic, partitionIndex)
    const code = typeof partition === 'number' ? partition : partition.leaderError(-1)
    if (typeof partition === 'number' || code !== 0) {
      answer.errorCode = code
      return answer
    }
    const deleted = deleteBefore(partition, offset)
    if ('errorCode' in deleted) answer.errorCode = deleted.errorCode
    else this.#open.set(answer, { partition, offset: deleted.offset })
    return answer
  }

  /** Answers when nothing is open any more; looks again a little later otherwise. */
  look(): void {
    const { brokerEpochs } = this.#call.broker.partitions
    const { clock } = this.#call.broker.world
    const isOver = clock.monotonicMs() >= this.#deadlineMs
    for (const [answer, { partition, offset }] of this.#open) {
      const lowWatermark = partition.lowWatermark(brokerEpochs)
      const code = partition.leaderError(-1)
      if (code !== 0) answer.errorCode = code
      else if (lowWatermark >= offset) answer.lowWatermark = BigInt(lowWatermark)
      else if (isOver) answer.errorCode = errorCode.REQUEST_TIMED_OUT
      else continue
      this.#open.delete(answer)
    }
    if (this.#open.size === 0 || this.#call.connection.closed) {
      this.#timer?.cancel()
      this.#call.reply({ throttleTimeMs: 0, topics: this.#topics })
      return
    }
    this.#timer = clock.schedule(LOOK_MS, () => this.look())
  }
}

export const deleteRecordsHandler = serve(deleteRecords, (request, call) => {
  const deletion = new DeletionInFlight(call, request.timeoutMs)
  for (const { name, partitions } of request.topics) deletion.topic(name, partitions)
  deletion.look()
})
