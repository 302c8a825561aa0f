/**
 * Plan: who leads and who is in sync once brokers came or went.
 *
 * A partition whose leader can no longer lead goes to the first replica, in the order of preference, that is in sync
 * and active; an inactive replica leaves the ISR unless it is the last member, who alone has everything. Without an
 * active in-sync replica nobody leads (leader -1). It never elects a replica outside the ISR: unclean and eligible
 * leader elections (KIP-966) are other plans.
 */

import type { MetadataImage, PartitionImage } from './image.ts'
import { isActive } from './new-partition.ts'
import type { MetadataRecord } from './record.ts'

const NO_LEADER = -1
const LEADER_UNCHANGED = -2
const RECOVERY_UNCHANGED = -1

/** Partitions of the image that name `broker`, as leader or as member of the ISR. */
function concerns(partition: PartitionImage, broker: number): boolean {
  return partition.leader === broker || partition.isr.includes(broker) || partition.leader === NO_LEADER
}

/**
 * The records that mend every partition which `broker`'s change of state concerns. `image` has the new state.
 * `isNewLife` when the broker came back as another process: what it led gets a new leader epoch even where it leads
 * again, so that nothing of its old life can pass for current.
 */
export function electionRecords(image: MetadataImage, broker: number, isNewLife: boolean): MetadataRecord[] {
  const records: MetadataRecord[] = []
  const active = new Set<number>()
  const leaving = new Set<number>()
  for (const candidate of image.brokers.values()) {
    if (isActive(candidate)) active.add(candidate.id)
    else if (!candidate.fenced) leaving.add(candidate.id)
  }
  for (const topic of image.topics.values()) {
    for (const [partitionId, partition] of topic.partitions) {
      if (!concerns(partition, broker)) continue
      // Who stops in order goes on leading what nobody else can lead, until it is fenced.
      if (leaving.has(partition.leader) && !partition.isr.some((id) => active.has(id))) continue
      const renewed = isNewLife && partition.leader === broker
      const change = mended(partition, active, renewed)
      if (change === undefined) continue
      records.push({
        type: 'PartitionChangeRecord',
        value: { ...unchanged, partitionId, topicId: topic.id, ...change },
      })
    }
  }
  return records
}

const unchanged = {
  isr: null,
  leader: LEADER_UNCHANGED,
  replicas: null,
  removingReplicas: null,
  addingReplicas: null,
  leaderRecoveryState: RECOVERY_UNCHANGED,
  directories: null,
  eligibleLeaderReplicas: null,
  lastKnownElr: null,
} as const

interface Mended {
  readonly leader: number
  readonly isr: readonly number[] | null
  readonly eligibleLeaderReplicas?: readonly number[]
}

function mended(
  partition: PartitionImage,
  active: ReadonlySet<number>,
  renewed: boolean,
): Mended | undefined {
  const inSync = partition.isr.filter((id) => active.has(id))
  if (inSync.length === 0) {
    const eligible = partition.eligibleLeaderReplicas.find((id) => active.has(id))
    if (eligible !== undefined) return electedFromEligible(partition, eligible)
  }
  const leader = partition.replicas.find((id) => inSync.includes(id)) ?? NO_LEADER
  const isr = inSync.length === 0 ? lastMembers(partition) : inSync
  const keepsLeader = partition.leader !== NO_LEADER && inSync.includes(partition.leader)
  const nextLeader = keepsLeader ? partition.leader : leader
  const sameIsr = isr.length === partition.isr.length
  if (nextLeader === partition.leader && sameIsr && !renewed) return undefined
  const leaderMoves = nextLeader !== partition.leader || renewed
  return { leader: leaderMoves ? nextLeader : LEADER_UNCHANGED, isr: sameIsr ? null : isr }
}

/** An eligible replica has all that is committed (KIP-966), so it may lead, alone in sync at first. */
function electedFromEligible(partition: PartitionImage, leader: number): Mended {
  const others = partition.eligibleLeaderReplicas.filter((id) => id !== leader)
  return { leader, isr: [leader], eligibleLeaderReplicas: others }
}

/** With nobody active the ISR is who was in it last: the leader if it was one of them, else all. */
function lastMembers(partition: PartitionImage): readonly number[] {
  return partition.isr.includes(partition.leader) ? [partition.leader] : partition.isr
}
