/** ListPartitionReassignments (46), version 0: the moves under way, from this node's own image. */
import { listPartitionReassignments as list } from '../../coordination/metadata/describe/list-partition-reassignments.ts'
import { listPartitionReassignments } from '../../protocol/messages/list-partition-reassignments.ts'
import { serve } from '../handler.ts'

export const listPartitionReassignmentsHandler = serve(listPartitionReassignments, (request, call) => {
  call.reply(list(call.broker.quorum.image, request))
})
