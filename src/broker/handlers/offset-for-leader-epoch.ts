/**
 * OffsetForLeaderEpoch (23), versions 2–4: where a leader epoch ends in our log (KIP-101, KIP-320), so that
 * a reader finds out whether its history is ours. The epoch in force ends at the high watermark for a consumer, and at
 * the end of the log for a replica.
 */
import {
  type OffsetForLeaderEpochResponseInput,
  offsetForLeaderEpoch,
} from '../../protocol/messages/offset-for-leader-epoch.ts'
import { serve } from '../handler.ts'
import type { Partition } from '../partitions/partition.ts'

type Answer = OffsetForLeaderEpochResponseInput['topics'][number]['partitions'][number]

const UNDEFINED_EPOCH = -1
const UNDEFINED_OFFSET = -1n

function endOf(
  partition: Partition | number,
  index: number,
  currentLeaderEpoch: number,
  leaderEpoch: number,
  isReplica: boolean,
): Answer {
  const code = typeof partition === 'number' ? partition : partition.leaderError(currentLeaderEpoch)
  if (typeof partition === 'number' || code !== 0)
    return { errorCode: code, partition: index, leaderEpoch: UNDEFINED_EPOCH, endOffset: UNDEFINED_OFFSET }
  const { log } = partition
  if (leaderEpoch === partition.leaderEpoch && !isReplica)
    return { errorCode: 0, partition: index, leaderEpoch, endOffset: BigInt(log.highWatermark) }
  const end = log.endOffsetForLeaderEpoch(leaderEpoch)
  return { errorCode: 0, partition: index, leaderEpoch: end.leaderEpoch, endOffset: BigInt(end.endOffset) }
}

export const offsetForLeaderEpochHandler = serve(offsetForLeaderEpoch, (request, call) => {
  const { partitions } = call.broker
  call.reply({
    throttleTimeMs: 0,
    topics: request.topics.map((topic) => ({
      topic: topic.topic,
      partitions: topic.partitions.map((asked) =>
        endOf(
          partitions.byName(topic.topic, asked.partition),
          asked.partition,
          asked.currentLeaderEpoch,
          asked.leaderEpoch,
          request.replicaId >= 0,
        ),
      ),
    })),
  })
})
