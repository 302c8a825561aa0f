/**
 * ListOffsets (2), versions 1–11: latest (-1), earliest (-2), largest timestamp (-3, KIP-734), earliest local
 * (-4), tiered (-5), pending upload (-6), or the first record at or after a time.
 *
 * Latest is the high watermark, the last stable offset for committed readers, the end of the log for replicas. While a
 * new leader does not know how far its predecessors committed, what is latest is not told (78). A special timestamp that
 * the request's version did not know is refused with 35 for its partition; one that no record reaches answers -1.
 */
import { errorCode } from '../../protocol/errors.ts'
import {
  type ListOffsetsRequest,
  type ListOffsetsResponseInput,
  listOffsets,
} from '../../protocol/messages/list-offsets.ts'
import type { TimestampedOffset } from '../../storage/read-outcome.ts'
import { type Call, serve } from '../handler.ts'
import type { Partition } from '../partitions/partition.ts'

type Asked = ListOffsetsRequest['topics'][number]['partitions'][number]
type Answer = ListOffsetsResponseInput['topics'][number]['partitions'][number]

const LATEST = -1n
const EARLIEST = -2n
const LARGEST_TIMESTAMP = -3n
const EARLIEST_LOCAL = -4n
const TIERED = -5n
const PENDING_UPLOAD = -6n
const READ_COMMITTED = 1
const FIRST_VERSION_WITH_EPOCH = 4
const FIRST_VERSION_WITH_OFFSET_NOT_AVAILABLE = 5

/** Who asks, and how. */
interface Asking {
  readonly version: number
  readonly readCommitted: boolean
  readonly isReplica: boolean
}

/** First version that knows each special timestamp. */
const SINCE = new Map([
  [LARGEST_TIMESTAMP, 7],
  [EARLIEST_LOCAL, 8],
  [TIERED, 9],
  [PENDING_UPLOAD, 11],
])

function failure(asked: Asked, code: number): Answer {
  return {
    partitionIndex: asked.partitionIndex,
    errorCode: code,
    timestamp: -1n,
    offset: -1n,
    leaderEpoch: -1,
  }
}

function atOffset(asked: Asked, partition: Partition, offset: number): Answer {
  // An epoch that no record tells is the current one at the end, and unknown elsewhere.
  const known = partition.log.leaderEpochOf(offset)
  const leaderEpoch = known < 0 && offset >= partition.log.highWatermark ? partition.leaderEpoch : known
  return {
    partitionIndex: asked.partitionIndex,
    errorCode: 0,
    timestamp: -1n,
    offset: BigInt(offset),
    leaderEpoch,
  }
}

function found(
  asked: Asked,
  partition: Partition,
  record: TimestampedOffset | null,
  upperOffset: number,
): Answer {
  if (record === null || record.offset >= upperOffset) return failure(asked, 0)
  return {
    partitionIndex: asked.partitionIndex,
    errorCode: 0,
    timestamp: BigInt(record.timestampMs),
    offset: BigInt(record.offset),
    leaderEpoch: record.leaderEpoch < 0 ? partition.log.leaderEpochOf(record.offset) : record.leaderEpoch,
  }
}

function isKnown(timestamp: bigint, version: number): boolean {
  if (timestamp >= EARLIEST) return true
  const since = SINCE.get(timestamp)
  return since !== undefined && version >= since
}

/** Answers one partition through `done`, at once where no file must be read. */
function lookUp(partition: Partition, asked: Asked, asking: Asking, done: (answer: Answer) => void): void {
  const { log } = partition
  const upperOffset = upperOffsetFor(partition, asking)
  // What is latest may be more than is known here to be committed.
  const latestIsUnknown = !asking.isReplica && partition.isHighWatermarkBehind
  const unknown =
    asking.version >= FIRST_VERSION_WITH_OFFSET_NOT_AVAILABLE
      ? errorCode.OFFSET_NOT_AVAILABLE
      : errorCode.LEADER_NOT_AVAILABLE
  const answerFound = (record: TimestampedOffset | null, error: string | null): void => {
    if (error !== null) done(failure(asked, errorCode.KAFKA_STORAGE_ERROR))
    else if (latestIsUnknown && (record === null || record.offset >= upperOffset))
      done(failure(asked, unknown))
    else done(found(asked, partition, record, upperOffset))
  }
  const { timestamp } = asked
  if (!isKnown(timestamp, asking.version)) done(failure(asked, errorCode.UNSUPPORTED_VERSION))
  else if (timestamp === LATEST)
    done(latestIsUnknown ? failure(asked, unknown) : atOffset(asked, partition, upperOffset))
  else if (timestamp === EARLIEST || timestamp === EARLIEST_LOCAL)
    done(atOffset(asked, partition, log.logStartOffset))
  else if (timestamp === TIERED || timestamp === PENDING_UPLOAD) done(failure(asked, 0))
  else if (timestamp === LARGEST_TIMESTAMP) log.offsetOfMaxTimestamp(answerFound)
  else log.offsetForTimestamp(Number(timestamp), answerFound)
}

function upperOffsetFor({ log }: Partition, { isReplica, readCommitted }: Asking): number {
  if (isReplica) return log.logEndOffset
  return readCommitted ? log.lastStableOffset : log.highWatermark
}

function answer(request: ListOffsetsRequest, call: Call<ListOffsetsResponseInput>): void {
  const asking: Asking = {
    version: call.apiVersion,
    readCommitted: request.isolationLevel === READ_COMMITTED,
    isReplica: request.replicaId >= 0,
  }
  let open = 1
  const topics = request.topics.map((topic) => ({
    name: topic.name,
    partitions: topic.partitions.map((asked) => failure(asked, errorCode.UNKNOWN_SERVER_ERROR)),
  }))
  const settled = (): void => {
    if (--open === 0) call.reply({ throttleTimeMs: 0, topics })
  }
  request.topics.forEach((topic, topicIndex) => {
    const answers = topics[topicIndex]?.partitions ?? []
    topic.partitions.forEach((asked, index) => {
      const partition = call.broker.partitions.byName(topic.name, asked.partitionIndex)
      const code = typeof partition === 'number' ? partition : partition.leaderError(asked.currentLeaderEpoch)
      if (typeof partition === 'number' || code !== 0) {
        answers[index] = failure(asked, code)
        return
      }
      open++
      lookUp(partition, asked, asking, (result) => {
        answers[index] = spelled(result, call.apiVersion)
        settled()
      })
    })
  })
  settled()
}

/** Versions before 4 cannot carry an epoch, and it may not be dropped by the codec unasked. */
function spelled(found: Answer, version: number): Answer {
  return version >= FIRST_VERSION_WITH_EPOCH ? found : { ...found, leaderEpoch: -1 }
}

export const listOffsetsHandler = serve(listOffsets, answer)
