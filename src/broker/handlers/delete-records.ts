/**
 * DeleteRecords (21), versions 0–2: moves the log start of partitions forward; -1 means the high watermark.
 *
 * Past the high watermark is out of range (1); on a topic that is only compacted it is a policy violation
 * (44), for the cleaner alone removes records there. The answer is the new low watermark.
 */
import { isInternalTopic } from '../../coordination/metadata/topic-name.ts'
import { errorCode } from '../../protocol/errors.ts'
import { deleteRecords } from '../../protocol/messages/delete-records.ts'
import { serve } from '../handler.ts'
import type { Partition } from '../partitions/partition.ts'

const HIGH_WATERMARK = -1n
const NO_OFFSET = -1n

function deleteBefore(partition: Partition, asked: bigint): { lowWatermark: bigint; errorCode: number } {
  const { log } = partition
  if (isInternalTopic(partition.topic))
    return { lowWatermark: NO_OFFSET, errorCode: errorCode.INVALID_TOPIC_EXCEPTION }
  if (log.config.compacts && !log.config.deletes)
    return { lowWatermark: NO_OFFSET, errorCode: errorCode.POLICY_VIOLATION }
  const offset = asked === HIGH_WATERMARK ? BigInt(log.highWatermark) : asked
  if (offset < 0n || offset > BigInt(log.highWatermark))
    return { lowWatermark: NO_OFFSET, errorCode: errorCode.OFFSET_OUT_OF_RANGE }
  if (!log.deleteRecordsBefore(Number(offset)))
    return { lowWatermark: NO_OFFSET, errorCode: errorCode.OFFSET_OUT_OF_RANGE }
  return { lowWatermark: BigInt(log.logStartOffset), errorCode: 0 }
}

export const deleteRecordsHandler = serve(deleteRecords, (request, call) => {
  call.reply({
    throttleTimeMs: 0,
    topics: request.topics.map((topic) => ({
      name: topic.name,
      partitions: topic.partitions.map((asked) => {
        const partition = call.broker.partitions.byName(topic.name, asked.partitionIndex)
        const code = typeof partition === 'number' ? partition : partition.leaderError(-1)
        if (typeof partition === 'number' || code !== 0)
          return { partitionIndex: asked.partitionIndex, lowWatermark: NO_OFFSET, errorCode: code }
        return { partitionIndex: asked.partitionIndex, ...deleteBefore(partition, asked.offset) }
      }),
    })),
  })
})
