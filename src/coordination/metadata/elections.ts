/**
 * Plan: what becomes of every partition that a broker's coming or going concerns.
 *
 * An inactive replica leaves the ISR, who leads it moves, and where nobody could lead before somebody may now. What
 * becomes of one partition is `partition-change.ts`'s to say.
 */
import { apply } from './apply.ts'
import type { NodeFacts } from './config-layers.ts'
import { automaticElection, topicElection } from './election-rules.ts'
import type { MetadataImage, PartitionImage } from './image.ts'
import type { Loss } from './lost-data.ts'
import { isActive } from './new-partition.ts'
import { changePartition, NO_LEADER } from './partition-change.ts'
import type { MetadataRecord } from './record.ts'

/** How a broker's state has changed. */
export interface BrokerTurn {
  readonly broker: number
  /** Came back as another process: what it led gets a new leader epoch even where it leads again. */
  readonly isNewLife: boolean
  /** What its logs of a topic may lack of what it had acknowledged. */
  readonly lossOf: (topic: string) => Loss
}

/** Partitions that name the broker as leader or as member of a set, and those that wait for a leader. */
function concerns(partition: PartitionImage, broker: number): boolean {
  const { leader, isr, eligibleLeaderReplicas } = partition
  return (
    leader === broker ||
    leader === NO_LEADER ||
    isr.includes(broker) ||
    eligibleLeaderReplicas.includes(broker)
  )
}

/** The turn of a broker that has everything it ever acknowledged. */
export const nothingLost = (): Loss => 'none'

/** The records that mend every partition which the turn concerns. `image` has the broker's new state. */
export function electionRecords(image: MetadataImage, node: NodeFacts, turn: BrokerTurn): MetadataRecord[] {
  const records: MetadataRecord[] = []
  const leaving = new Set<number>()
  for (const { id, fenced, inControlledShutdown } of image.brokers.values())
    if (!fenced && inControlledShutdown) leaving.add(id)
  for (const topic of image.topics.values()) {
    const rules = topicElection(image, node, topic.name)
    const loss = turn.lossOf(topic.name)
    for (const [partitionId, partition] of topic.partitions) {
      if (!concerns(partition, turn.broker)) continue
      // Who stops in order goes on leading what nobody else can lead, until it is fenced.
      if (leaving.has(partition.leader) && !partition.isr.some(rules.isActive)) continue
      const record = changePartition(
        topic.id,
        partitionId,
        partition,
        { isr: stillInSync(image, partition, rules.keepsEligible) },
        {
          ...rules,
          election: automaticElection(rules),
          lossOf: (id) => (id === turn.broker ? loss : 'none'),
          renewsLeader: turn.isNewLife && partition.leader === turn.broker,
        },
      )
      if (record !== null) records.push(record)
    }
  }
  return records
}

/**
 * The members that are active. Without any: nobody, where eligible replicas are kept; else who was in it last, the leader
 * if it was one of them, or all.
 */
function stillInSync(
  image: MetadataImage,
  partition: PartitionImage,
  keepsEligible: boolean,
): readonly number[] {
  const inSync = partition.isr.filter((id) => isActive(image.brokers.get(id)))
  if (inSync.length > 0 || keepsEligible) return inSync
  return partition.isr.includes(partition.leader) ? [partition.leader] : partition.isr
}

/**
 * What other settings mean for eligible leaders: who was kept while `min.insync.replicas` was higher lacks what is
 * committed from now on. `settings` are on their way into `image`. (Kafka forgets all of the topic, also those without
 * whom nobody could lead.)
 */
export function eligibleLeaderChanges(
  image: MetadataImage,
  settings: readonly MetadataRecord[],
  node: NodeFacts,
): MetadataRecord[] {
  const applied = apply(image, settings)
  if (!applied.ok) throw new Error(`settings cannot be applied: ${applied.problem.reason}`)
  const records: MetadataRecord[] = []
  for (const topic of image.topics.values()) {
    const rules = topicElection(applied.image, node, topic.name)
    for (const [partitionId, partition] of topic.partitions) {
      if (partition.eligibleLeaderReplicas.length === 0) continue
      const record = changePartition(topic.id, partitionId, partition, {}, { ...rules, election: 'online' })
      if (record !== null) records.push(record)
    }
  }
  return records
}
