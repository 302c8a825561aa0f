/**
 * Plan: what becomes of every partition that a broker's coming or going concerns.
 *
 * An inactive replica leaves the ISR, who leads it moves, and where nobody could lead before somebody may now. What
 * becomes of one partition is `partition-change.ts`'s to say.
 */

import type { NodeFacts } from './config-layers.ts'
import { automaticElection, topicElection } from './election-rules.ts'
import type { MetadataImage, PartitionImage } from './image.ts'
import { isActive } from './new-partition.ts'
import { changePartition, NO_LEADER } from './partition-change.ts'
import type { MetadataRecord } from './record.ts'

/** How a broker's state has changed. */
export interface BrokerTurn {
  readonly broker: number
  /** Came back as another process: what it led gets a new leader epoch even where it leads again. */
  readonly isNewLife: boolean
  /** Its last life did not end in order, so that it may lack what it had acknowledged (KIP-966). */
  readonly lostData: boolean
}

/** Partitions that name `broker` as leader or as member of a set, and those that wait for a leader. */
function concerns(partition: PartitionImage, { broker, lostData }: BrokerTurn): boolean {
  if (partition.leader === broker || partition.isr.includes(broker) || partition.leader === NO_LEADER)
    return true
  return lostData && partition.eligibleLeaderReplicas.includes(broker)
}

/** The records that mend every partition which the turn concerns. `image` has the broker's new state. */
export function electionRecords(image: MetadataImage, node: NodeFacts, turn: BrokerTurn): MetadataRecord[] {
  const records: MetadataRecord[] = []
  const leaving = new Set<number>()
  for (const { id, fenced, inControlledShutdown } of image.brokers.values())
    if (!fenced && inControlledShutdown) leaving.add(id)
  for (const topic of image.topics.values()) {
    const rules = topicElection(image, node, topic.name)
    for (const [partitionId, partition] of topic.partitions) {
      if (!concerns(partition, turn)) continue
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
          lostData: (id) => turn.lostData && id === turn.broker,
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
