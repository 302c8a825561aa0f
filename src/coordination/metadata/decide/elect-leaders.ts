/**
 * ElectLeaders (43): an operator wants preferred leaders back, or any leader where nobody with the data is left (KIP-460).
 *
 * Partitions that need no election are told so (84); asked for all partitions, only those that were elected, or could not
 * be, are named. An unclean election is recorded as a recovery: it is never hidden.
 */
import { errorCode } from '../../../protocol/errors.ts'
import type {
  ElectLeadersRequest,
  ElectLeadersResponseInput,
} from '../../../protocol/messages/elect-leaders.ts'
import type { NodeFacts } from '../config-layers.ts'
import type { MetadataDecision } from '../decision.ts'
import { topicElection } from '../election-rules.ts'
import { type MetadataImage, type PartitionImage, type TopicImage, topicByName } from '../image.ts'
import { changePartition, NO_LEADER } from '../partition-change.ts'
import type { MetadataRecord } from '../record.ts'

const PREFERRED = 0
const UNCLEAN = 1

interface Verdict {
  readonly errorCode: number
  readonly errorMessage: string | null
}

const ELECTED: Verdict = { errorCode: 0, errorMessage: null }

export function decideElectLeaders(
  image: MetadataImage,
  request: ElectLeadersRequest,
  node: NodeFacts,
): MetadataDecision<ElectLeadersResponseInput> {
  const { electionType } = request
  if (electionType !== PREFERRED && electionType !== UNCLEAN) {
    const reply = { throttleTimeMs: 0, errorCode: errorCode.INVALID_REQUEST, replicaElectionResults: [] }
    return { records: [], reply }
  }
  const records: MetadataRecord[] = []
  const elect = (topic: TopicImage, index: number): Verdict =>
    electOne(image, node, topic, index, electionType === UNCLEAN, records)
  const replicaElectionResults =
    request.topicPartitions === null
      ? electAll(image, elect)
      : electAsked(image, request.topicPartitions, elect)
  return { records, reply: { throttleTimeMs: 0, errorCode: 0, replicaElectionResults } }
}

type Elect = (topic: TopicImage, index: number) => Verdict

function electAsked(
  image: MetadataImage,
  asked: NonNullable<ElectLeadersRequest['topicPartitions']>,
  elect: Elect,
): ElectLeadersResponseInput['replicaElectionResults'] {
  return asked.map(({ topic: name, partitions }) => {
    const topic = topicByName(image, name)
    return {
      topic: name,
      partitionResult: partitions.map((partitionId) => ({
        partitionId,
        ...(topic === undefined ? unknown(`No such topic as ${name}`) : elect(topic, partitionId)),
      })),
    }
  })
}

function electAll(image: MetadataImage, elect: Elect): ElectLeadersResponseInput['replicaElectionResults'] {
  const results = []
  for (const topic of image.topics.values()) {
    const partitionResult = []
    for (const partitionId of topic.partitions.keys()) {
      const verdict = elect(topic, partitionId)
      if (verdict.errorCode !== errorCode.ELECTION_NOT_NEEDED)
        partitionResult.push({ partitionId, ...verdict })
    }
    if (partitionResult.length > 0) results.push({ topic: topic.name, partitionResult })
  }
  return results
}

function electOne(
  image: MetadataImage,
  node: NodeFacts,
  topic: TopicImage,
  index: number,
  unclean: boolean,
  records: MetadataRecord[],
): Verdict {
  const partition = topic.partitions.get(index)
  if (partition === undefined) return unknown(`No such partition as ${topic.name}-${index}`)
  if (isNotNeeded(partition, unclean)) {
    return {
      errorCode: errorCode.ELECTION_NOT_NEEDED,
      errorMessage: 'Leader election not needed for topic partition.',
    }
  }
  const facts = {
    ...topicElection(image, node, topic.name),
    election: unclean ? 'unclean' : 'preferred',
  } as const
  const record = changePartition(topic.id, index, partition, {}, facts)
  if (record === null) return unclean ? noEligible : noPreferred
  records.push(record)
  return ELECTED
}

function isNotNeeded(partition: PartitionImage, unclean: boolean): boolean {
  return unclean ? partition.leader !== NO_LEADER : partition.leader === partition.replicas[0]
}

const noPreferred: Verdict = {
  errorCode: errorCode.PREFERRED_LEADER_NOT_AVAILABLE,
  errorMessage: 'The preferred leader was not available.',
}

const noEligible: Verdict = {
  errorCode: errorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE,
  errorMessage: 'Eligible topic partition leaders are not available.',
}

function unknown(errorMessage: string): Verdict {
  return { errorCode: errorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage }
}
