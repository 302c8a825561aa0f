/**
 * OffsetFetch, versions 1–10: what groups have committed.
 *
 * One group up to version 7, several since 8 (KIP-709), topics by id since 10. A group or partition without a commit is
 * no error: its offset is -1. A client that requires stable offsets is told 88 where a transaction is still open
 * (KIP-447).
 */
import { errorCode } from '../../../protocol/errors.ts'
import type { OffsetFetchRequest, OffsetFetchResponseInput } from '../../../protocol/messages/offset-fetch.ts'
import { ZERO_UUID } from '../../../protocol/uuid.ts'
import type { TopicFacts } from '../decision.ts'
import { committedOffset, type GroupsState, hasPendingOffset } from '../state.ts'

/** First version that asks for several groups. */
const BATCHES_GROUPS = 8
/** First version that names topics by id. */
const NAMES_TOPICS_BY_ID = 10
/** First version that can say an error of the whole group. */
const HAS_GROUP_ERROR = 2

/** One group's part of a request, whatever the version; `topics` null asks for all. */
export interface AskedGroup {
  readonly groupId: string
  readonly topics:
    | readonly {
        readonly name: string
        readonly topicId: string
        readonly partitionIndexes: readonly number[]
      }[]
    | null
}

type GroupBody = NonNullable<OffsetFetchResponseInput['groups']>[number]
type TopicBody = NonNullable<GroupBody['topics']>[number]
type PartitionBody = NonNullable<TopicBody['partitions']>[number]

/** The groups that a request asks for, in its order. */
export function askedGroups(request: OffsetFetchRequest, apiVersion: number): AskedGroup[] {
  if (apiVersion >= BATCHES_GROUPS) {
    return request.groups.map(({ groupId, topics }) => ({ groupId, topics }))
  }
  const topics = request.topics?.map((topic) => ({ ...topic, topicId: ZERO_UUID })) ?? null
  return [{ groupId: request.groupId, topics }]
}

/** What one group has committed. */
export function fetchOffsets(
  state: GroupsState,
  asked: AskedGroup,
  requireStable: boolean,
  apiVersion: number,
  facts: TopicFacts,
): GroupBody {
  const byId = apiVersion >= NAMES_TOPICS_BY_ID
  const topics =
    asked.topics === null
      ? allTopics(state, asked.groupId, requireStable, byId, facts)
      : asked.topics.map((topic) => {
          const name = byId ? facts.nameOf(topic.topicId) : topic.name
          const partitions = topic.partitionIndexes.map((partition) =>
            name === undefined
              ? noOffset(partition, errorCode.UNKNOWN_TOPIC_ID)
              : offsetOf(state, asked.groupId, name, partition, requireStable),
          )
          return { name: topic.name, topicId: topic.topicId, partitions }
        })
  return { groupId: asked.groupId, topics, errorCode: 0 }
}

function allTopics(
  state: GroupsState,
  groupId: string,
  requireStable: boolean,
  byId: boolean,
  facts: TopicFacts,
): TopicBody[] {
  const bodies: TopicBody[] = []
  for (const [name, offsets] of state.offsets.get(groupId) ?? []) {
    const topicId = facts.idOf(name) ?? ZERO_UUID
    // A topic that is gone has no id to be named by.
    if (byId && topicId === ZERO_UUID) continue
    const partitions = [...offsets.keys()].map((partition) =>
      offsetOf(state, groupId, name, partition, requireStable),
    )
    bodies.push({ name, topicId, partitions })
  }
  return bodies
}

function offsetOf(
  state: GroupsState,
  groupId: string,
  topic: string,
  partitionIndex: number,
  requireStable: boolean,
): PartitionBody {
  if (requireStable && hasPendingOffset(state, groupId, topic, partitionIndex)) {
    return noOffset(partitionIndex, errorCode.UNSTABLE_OFFSET_COMMIT)
  }
  const committed = committedOffset(state, groupId, topic, partitionIndex)
  if (committed === undefined) return noOffset(partitionIndex, 0)
  return {
    partitionIndex,
    committedOffset: committed.offset,
    committedLeaderEpoch: committed.leaderEpoch,
    metadata: committed.metadata,
    errorCode: 0,
  }
}

function noOffset(partitionIndex: number, code: number): PartitionBody {
  return { partitionIndex, committedOffset: -1n, committedLeaderEpoch: -1, metadata: '', errorCode: code }
}

/** One group refused as a whole; up to version 1 the code stands in every partition. */
export function refusedOffsets(asked: AskedGroup, code: number, apiVersion: number): GroupBody {
  const topics =
    apiVersion >= HAS_GROUP_ERROR
      ? []
      : (asked.topics ?? []).map((topic) => ({
          name: topic.name,
          topicId: topic.topicId,
          partitions: topic.partitionIndexes.map((partition) => noOffset(partition, code)),
        }))
  return { groupId: asked.groupId, topics, errorCode: code }
}

/** The answer that several groups' parts make up. */
export function offsetFetchAnswer(
  groups: readonly GroupBody[],
  apiVersion: number,
): OffsetFetchResponseInput {
  const [only] = groups
  if (apiVersion >= BATCHES_GROUPS || only === undefined) return { throttleTimeMs: 0, groups }
  return { throttleTimeMs: 0, topics: only.topics, errorCode: only.errorCode ?? 0 }
}
