/**
 * OffsetDelete: what a group committed for some partitions is forgotten (KIP-496).
 *
 * Topics that its members subscribe to are refused with 86. Deleting what was never committed is no error.
 */
import { errorCode } from '../../../protocol/errors.ts'
import { isConsumerGroup, isSubscribedTo } from '../classic-group.ts'
import type { GroupsContext, GroupsDecision, OffsetDeleteCommand } from '../decision.ts'
import type { GroupRecord } from '../record.ts'
import { committedOffset, type GroupsState } from '../state.ts'
import { offsetTombstone } from '../tombstones.ts'
import { answered } from '../work.ts'

export function decideOffsetDelete(
  state: GroupsState,
  { request, token }: OffsetDeleteCommand,
  context: GroupsContext,
): GroupsDecision {
  const refused = (code: number) =>
    answered({ token, api: 'offset-delete', body: { errorCode: code, throttleTimeMs: 0, topics: [] } })
  if (request.groupId === '') return refused(errorCode.INVALID_GROUP_ID)
  const group = state.groups.get(request.groupId)
  if (group === undefined) return refused(errorCode.GROUP_ID_NOT_FOUND)
  if (group.phase !== 'Empty' && !isConsumerGroup(group)) return refused(errorCode.NON_EMPTY_GROUP)
  const records: GroupRecord[] = []
  const topics = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex }) => {
      let code = 0
      if (!context.topics.hasPartition(name, partitionIndex)) code = errorCode.UNKNOWN_TOPIC_OR_PARTITION
      else if (group.phase !== 'Empty' && isSubscribedTo(group, name)) {
        code = errorCode.GROUP_SUBSCRIBED_TO_TOPIC
      } else if (committedOffset(state, group.id, name, partitionIndex) !== undefined) {
        records.push(offsetTombstone(group.id, name, partitionIndex))
      }
      return { partitionIndex, errorCode: code }
    }),
  }))
  const body = { errorCode: 0, throttleTimeMs: 0, topics }
  return { records, changes: [], timers: [], replies: [{ token, api: 'offset-delete', body }] }
}
