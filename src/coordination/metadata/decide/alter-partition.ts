/**
 * AlterPartition (56): a leader tells who is in sync with it; the controller commits it or says why not (KIP-497, KIP-903).
 *
 * The controller believes a leader only in its own epoch and only about brokers that are active in the very life that
 * the leader saw. A change may complete a move of replicas and with it end the leader's own epoch. A leader that leaves
 * itself out cannot serve what it should have and asks for another (Kafka has no such request).
 */
import { errorCode } from '../../../protocol/errors.ts'
import type {
  AlterPartitionRequest,
  AlterPartitionResponseInput,
} from '../../../protocol/messages/alter-partition.ts'
import { apply } from '../apply.ts'
import type { NodeFacts } from '../config-layers.ts'
import type { MetadataDecision } from '../decision.ts'
import { automaticElection, topicElection } from '../election-rules.ts'
import type { MetadataImage, PartitionImage } from '../image.ts'
import { isActive } from '../new-partition.ts'
import { changePartition, RECOVERED, RECOVERING } from '../partition-change.ts'
import type { MetadataRecord } from '../record.ts'

type PartitionRequest = AlterPartitionRequest['topics'][number]['partitions'][number]
type TopicReply = AlterPartitionResponseInput['topics'][number]
type PartitionReply = TopicReply['partitions'][number]

export interface AlterPartitionContext extends NodeFacts {
  /** Followers that lack what is committed, as their leader has found out: nobody may elect them. */
  readonly lostBy?: (asked: PartitionRequest) => readonly number[]
}

export function decideAlterPartition(
  image: MetadataImage,
  request: AlterPartitionRequest,
  context: AlterPartitionContext,
): MetadataDecision<AlterPartitionResponseInput> {
  const broker = image.brokers.get(request.brokerId)
  if (broker === undefined || broker.epoch !== request.brokerEpoch) {
    return { records: [], reply: { throttleTimeMs: 0, errorCode: errorCode.STALE_BROKER_EPOCH, topics: [] } }
  }
  const records: MetadataRecord[] = []
  const topics = request.topics.map(
    ({ topicId, partitions }): TopicReply => ({
      topicId,
      partitions: partitions.map((asked) =>
        alterOne(image, request.brokerId, topicId, asked, context, records),
      ),
    }),
  )
  return { records, reply: { throttleTimeMs: 0, errorCode: 0, topics } }
}

function alterOne(
  image: MetadataImage,
  leader: number,
  topicId: string,
  asked: PartitionRequest,
  context: AlterPartitionContext,
  records: MetadataRecord[],
): PartitionReply {
  const topic = image.topics.get(topicId)
  if (topic === undefined) return refused(asked, errorCode.UNKNOWN_TOPIC_ID)
  const partition = topic.partitions.get(asked.partitionIndex)
  if (partition === undefined) return refused(asked, errorCode.UNKNOWN_TOPIC_OR_PARTITION)
  const code = refusalCode(image, leader, partition, asked)
  if (code !== 0) return refused(asked, code)
  const rules = topicElection(image, context, topic.name)
  const lost = context.lostBy?.(asked) ?? []
  const record = changePartition(
    topicId,
    asked.partitionIndex,
    partition,
    { isr: isrOf(asked), leaderRecoveryState: asked.leaderRecoveryState },
    {
      ...rules,
      election: automaticElection(rules),
      // A leader that gives up has a damaged log.
      lossOf: (id) => (id === leader || lost.includes(id) ? 'everything' : 'none'),
    },
  )
  const changed = record === null ? partition : after(image, record, topicId, asked.partitionIndex)
  if (record !== null) records.push(record)
  // The change stands, but the leader that asked for it has lost its epoch by it: it hears so from the metadata.
  if (changed.leader !== leader) return refused(asked, errorCode.NEW_LEADER_ELECTED)
  if (changed.leaderEpoch !== partition.leaderEpoch) return refused(asked, errorCode.FENCED_LEADER_EPOCH)
  return {
    partitionIndex: asked.partitionIndex,
    errorCode: 0,
    leaderId: changed.leader,
    leaderEpoch: changed.leaderEpoch,
    isr: changed.isr,
    leaderRecoveryState: changed.leaderRecoveryState,
    partitionEpoch: changed.partitionEpoch,
  }
}

function after(image: MetadataImage, record: MetadataRecord, topicId: string, index: number): PartitionImage {
  const applied = apply(image, [record])
  const changed = applied.ok ? applied.image.topics.get(topicId)?.partitions.get(index) : undefined
  if (changed === undefined) throw new Error(`a change of partition ${index} of ${topicId} cannot be applied`)
  return changed
}

function isrOf(asked: PartitionRequest): readonly number[] {
  return asked.newIsrWithEpochs.length > 0
    ? asked.newIsrWithEpochs.map(({ brokerId }) => brokerId)
    : asked.newIsr
}

function refusalCode(
  image: MetadataImage,
  leader: number,
  partition: PartitionImage,
  asked: PartitionRequest,
): number {
  if (asked.leaderEpoch < partition.leaderEpoch) return errorCode.FENCED_LEADER_EPOCH
  // A leader that knows more than this controller: it is this controller that is behind.
  if (asked.leaderEpoch > partition.leaderEpoch) return errorCode.NOT_CONTROLLER
  if (partition.leader !== leader) return errorCode.INVALID_REQUEST
  if (asked.partitionEpoch < partition.partitionEpoch) return errorCode.INVALID_UPDATE_VERSION
  if (asked.partitionEpoch > partition.partitionEpoch) return errorCode.NOT_CONTROLLER
  const isr = isrOf(asked)
  const isSet = new Set(isr).size === isr.length
  if (!isSet || isr.length === 0 || !isr.every((id) => partition.replicas.includes(id))) {
    return errorCode.INVALID_REQUEST
  }
  const recovers = asked.leaderRecoveryState === RECOVERING
  if (recovers && (isr.length > 1 || partition.leaderRecoveryState === RECOVERED))
    return errorCode.INVALID_REQUEST
  return isr.every((id) => isEligible(image, id, asked)) ? 0 : errorCode.INELIGIBLE_REPLICA
}

/** Active, and in the life in which the leader saw it; an epoch of -1 is not known to the leader. */
function isEligible(image: MetadataImage, broker: number, asked: PartitionRequest): boolean {
  const known = image.brokers.get(broker)
  if (known === undefined || !isActive(known)) return false
  const seen = asked.newIsrWithEpochs.find(({ brokerId }) => brokerId === broker)?.brokerEpoch ?? -1n
  return seen === -1n || seen === known.epoch
}

function refused(asked: PartitionRequest, code: number): PartitionReply {
  return {
    partitionIndex: asked.partitionIndex,
    errorCode: code,
    leaderId: 0,
    leaderEpoch: 0,
    isr: [],
    leaderRecoveryState: 0,
    partitionEpoch: 0,
  }
}
