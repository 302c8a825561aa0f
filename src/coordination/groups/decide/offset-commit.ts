/**
 * OffsetCommit, versions 2–10: how far a group has read.
 *
 * A member commits for its generation; anybody may commit for a group without members (generation -1). Unknown topics
 * and too long metadata are refused partition by partition. Any leader epoch is stored as it came (observed 13).
 */
import { errorCode } from '../../../protocol/errors.ts'
import type {
  OffsetCommitRequest,
  OffsetCommitResponseInput,
} from '../../../protocol/messages/offset-commit.ts'
import { ZERO_UUID } from '../../../protocol/uuid.ts'
import type { ClassicGroup } from '../classic-group.ts'
import type { GroupsContext, GroupsDecision, OffsetCommitCommand } from '../decision.ts'
import { memberOf } from '../membership.ts'
import type { GroupRecord } from '../record.ts'
import type { GroupsState } from '../state.ts'
import { renewSession, workOn } from '../work.ts'

/** First version whose clients know 69. */
const KNOWS_MISSING_GROUP = 9
/** First version that names topics by id. */
const NAMES_TOPICS_BY_ID = 10

type RequestedTopic = OffsetCommitRequest['topics'][number]
type RequestedPartition = RequestedTopic['partitions'][number]

export function decideOffsetCommit(
  state: GroupsState,
  command: OffsetCommitCommand,
  context: GroupsContext,
): GroupsDecision {
  const { request, token } = command
  const group = state.groups.get(request.groupId)
  const refusal = fenceCode(state, group, command)
  if (refusal !== 0) {
    const body = offsetCommitRefusal(request, refusal)
    return { records: [], changes: [], replies: [{ token, api: 'offset-commit', body }], timers: [] }
  }
  const records: GroupRecord[] = []
  const topics = request.topics.map((topic) => committedTopic(topic, command, context, records))
  const work = group === undefined ? undefined : workOn(group, context)
  const member = group?.members.get(request.memberId)
  const isAlive = group?.phase === 'Stable' || group?.phase === 'PreparingRebalance'
  if (work !== undefined && member !== undefined && isAlive && member.joining === null) {
    renewSession(work, member)
  }
  return {
    records,
    changes: [],
    replies: [{ token, api: 'offset-commit', body: { throttleTimeMs: 0, topics } }],
    timers: work?.timers ?? [],
  }
}

/** Every partition refused with one code. */
export function offsetCommitRefusal(request: OffsetCommitRequest, code: number): OffsetCommitResponseInput {
  const topics = request.topics.map((topic) => ({
    name: topic.name,
    topicId: topic.topicId,
    partitions: topic.partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: code })),
  }))
  return { throttleTimeMs: 0, topics }
}

/** Why nothing may be committed: 0, or a code for the whole request. */
function fenceCode(
  state: GroupsState,
  group: ClassicGroup | undefined,
  { request, apiVersion }: OffsetCommitCommand,
): number {
  const { generationIdOrMemberEpoch: generation, memberId, groupInstanceId } = request
  if (group === undefined) {
    if (state.foreign.has(request.groupId)) return errorCode.UNKNOWN_MEMBER_ID
    if (generation < 0) return 0
    return apiVersion >= KNOWS_MISSING_GROUP ? errorCode.GROUP_ID_NOT_FOUND : errorCode.ILLEGAL_GENERATION
  }
  if (generation < 0 && group.phase === 'Empty') return 0
  if (generation < 0 && memberId === '' && groupInstanceId === null) return errorCode.UNKNOWN_MEMBER_ID
  const member = memberOf(group, memberId, groupInstanceId)
  if (typeof member === 'number') return member
  if (generation !== group.generation) return errorCode.ILLEGAL_GENERATION
  return group.phase === 'CompletingRebalance' ? errorCode.REBALANCE_IN_PROGRESS : 0
}

/** Writes what can be written of a topic into `records`, and answers each partition. */
function committedTopic(
  topic: RequestedTopic,
  command: OffsetCommitCommand,
  context: GroupsContext,
  records: GroupRecord[],
) {
  const byId = command.apiVersion >= NAMES_TOPICS_BY_ID
  const name = byId ? context.topics.nameOf(topic.topicId) : topic.name
  const topicId = byId ? topic.topicId : (context.topics.idOf(topic.name) ?? ZERO_UUID)
  const partitions = topic.partitions.map((partition) => {
    const code = partitionCode(name, partition, byId, context)
    if (code === 0 && name !== undefined) {
      records.push(offsetRecord(command.request, name, topicId, partition, context.nowMs))
    }
    return { partitionIndex: partition.partitionIndex, errorCode: code }
  })
  return { name: topic.name, topicId: topic.topicId, partitions }
}

function partitionCode(
  name: string | undefined,
  { partitionIndex, committedMetadata }: RequestedPartition,
  byId: boolean,
  { topics, config }: GroupsContext,
): number {
  if (name === undefined) return byId ? errorCode.UNKNOWN_TOPIC_ID : errorCode.UNKNOWN_TOPIC_OR_PARTITION
  if (!topics.hasPartition(name, partitionIndex)) return errorCode.UNKNOWN_TOPIC_OR_PARTITION
  if ((committedMetadata ?? '').length > config.offsetMetadataBytesMax) {
    return errorCode.OFFSET_METADATA_TOO_LARGE
  }
  return 0
}

function offsetRecord(
  request: OffsetCommitRequest,
  topic: string,
  topicId: string,
  partition: RequestedPartition,
  nowMs: number,
): GroupRecord {
  const commitTimestamp = BigInt(nowMs)
  const { retentionTimeMs } = request
  // The stored version that has an expiry has neither leader epoch nor topic id.
  const expires = retentionTimeMs >= 0n
  return {
    type: 'OffsetCommit',
    key: { group: request.groupId, topic, partition: partition.partitionIndex },
    value: {
      offset: partition.committedOffset,
      leaderEpoch: expires ? -1 : partition.committedLeaderEpoch,
      metadata: partition.committedMetadata ?? '',
      commitTimestamp,
      expireTimestamp: expires ? commitTimestamp + retentionTimeMs : -1n,
      topicId: expires ? ZERO_UUID : topicId,
    },
  }
}
