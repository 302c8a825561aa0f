/**
 * The body of a Fetch answer, from the parts that were read; as the request's version spells it.
 *
 * It decides nothing: what a part says was decided where it was read.
 */
import { errorCode } from '../../protocol/errors.ts'
import { type FetchResponseInput, fetch } from '../../protocol/messages/fetch.ts'
import type { CurrentLeaders } from '../current-leaders.ts'
import { codeForVersion } from '../older-codes.ts'
import type { FetchedPart } from './partition-fetch.ts'

type TopicResponse = FetchResponseInput['responses'][number]
type PartitionResponse = TopicResponse['partitions'][number]

const FIRST_VERSION_WITH_TOPIC_IDS = 13
const FIRST_VERSION_WITH_PREFERRED_REPLICA = 11
const LEADER_CHANGED: ReadonlySet<number> = new Set([
  errorCode.NOT_LEADER_OR_FOLLOWER,
  errorCode.FENCED_LEADER_EPOCH,
])

function partitionResponse(
  part: FetchedPart,
  apiVersion: number,
  leaders: CurrentLeaders | null,
): PartitionResponse {
  const { wanted, divergingEpoch } = part
  const answer: PartitionResponse = {
    partitionIndex: wanted.index,
    errorCode: codeForVersion(fetch.key, apiVersion, codeOf(part, apiVersion)),
    highWatermark: BigInt(part.highWatermark),
    lastStableOffset: BigInt(part.lastStableOffset),
    logStartOffset: BigInt(part.logStartOffset),
    abortedTransactions:
      part.abortedTransactions?.map((aborted) => ({
        producerId: aborted.producerId,
        firstOffset: BigInt(aborted.firstOffset),
      })) ?? null,
    preferredReadReplica: part.preferredReadReplica,
    records: part.buffers,
  }
  if (leaders !== null && LEADER_CHANGED.has(part.errorCode)) {
    const { topic: name, topicId, index } = wanted
    return { ...answer, currentLeader: leaders.leaderOf({ name, topicId }, index) }
  }
  if (divergingEpoch === null) return answer
  const { epoch, endOffset } = divergingEpoch
  return { ...answer, divergingEpoch: { epoch, endOffset: BigInt(endOffset) } }
}

/** A code that the reader's version can know: followers serve only those that know the first one. */
function codeOf(part: FetchedPart, apiVersion: number): number {
  if (part.errorCode === errorCode.OFFSET_NOT_AVAILABLE && apiVersion < FIRST_VERSION_WITH_PREFERRED_REPLICA)
    return errorCode.NOT_LEADER_OR_FOLLOWER
  return part.errorCode
}

/** Neighbours of one topic stand together, as they were asked; `leaders` gathers who leads what is led elsewhere. */
export function fetchAnswer(
  parts: readonly FetchedPart[],
  apiVersion: number,
  leaders: CurrentLeaders | null = null,
): TopicResponse[] {
  const byKey = new Map<string, { topic: string; topicId: string; partitions: PartitionResponse[] }>()
  for (const part of parts) {
    const { topic, topicId } = part.wanted
    const key = apiVersion >= FIRST_VERSION_WITH_TOPIC_IDS ? topicId : topic
    let entry = byKey.get(key)
    if (entry === undefined) {
      entry = { topic, topicId, partitions: [] }
      byKey.set(key, entry)
    }
    entry.partitions.push(partitionResponse(part, apiVersion, leaders))
  }
  return [...byKey.values()]
}
