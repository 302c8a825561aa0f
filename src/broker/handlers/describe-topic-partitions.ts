/** DescribeTopicPartitions (75), version 0: topics page by page, with eligible leader replicas (KIP-966). */
import { describeTopicPartitions as describe } from '../../coordination/metadata/describe/describe-topic-partitions.ts'
import { describeTopicPartitions } from '../../protocol/messages/describe-topic-partitions.ts'
import { clientView } from '../client-view.ts'
import { serve } from '../handler.ts'

export const describeTopicPartitionsHandler = serve(describeTopicPartitions, (request, call) => {
  call.reply(describe(call.broker.quorum.image, request, clientView(call)))
})
