/**
 * Plan: the one record that brings a partition to what was asked for: another ISR, other replicas, another leader.
 *
 * It completes a move of replicas once all that were added are in sync (KIP-455), one that leaves fewer than before once all
 * that stay are, keeps eligible leader replicas while the ISR is smaller than `min.insync.replicas` (KIP-966), and elects: who
 * leads stays where it may, then the first in-sync replica in the order of preference, then an eligible one, then, where the
 * topic allows it, anybody active, which is recorded as a recovery. Nobody leads (-1) before somebody without the data does.
 */
import { ZERO_UUID } from '../../protocol/uuid.ts'
import type { PartitionImage } from './image.ts'
import type { Loss } from './lost-data.ts'
import type { MetadataRecord, PartitionChangeRecord } from './record.ts'
import { targetReplicas } from './replica-move.ts'

export const NO_LEADER = -1
export const RECOVERED = 0
export const RECOVERING = 1
const LEADER_UNCHANGED = -2
const RECOVERY_UNCHANGED = -1

/** `online`: whoever leads stays; `preferred`: the first replica, if it may; `unclean`: anybody active, if nobody else. */
export type Election = 'online' | 'preferred' | 'unclean'

/** What the plan must know beside the partition. */
export interface ChangeFacts {
  /** Whether a broker may lead and be in sync now. */
  readonly isActive: (broker: number) => boolean
  readonly election: Election
  /** `min.insync.replicas` of the topic. */
  readonly insyncReplicasMin: number
  /** Whether the cluster keeps eligible leader replicas (feature `eligible.leader.replicas.version`). */
  readonly keepsEligible: boolean
  /** What a broker may lack of what was acknowledged; whoever may lack anything is not eligible any more. */
  readonly lossOf?: (broker: number) => Loss
  /** A new leader epoch even where the leader stays. */
  readonly renewsLeader?: boolean
  /** The directory of a replica that is new on a broker. */
  readonly directoryOf: (broker: number) => string
}

/** What is asked for; what is left out stays. */
export interface PartitionTarget {
  readonly isr?: readonly number[]
  readonly replicas?: readonly number[]
  readonly addingReplicas?: readonly number[]
  readonly removingReplicas?: readonly number[]
  readonly leaderRecoveryState?: number
}

/** A partition while it is being changed. */
interface Draft {
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  readonly addingReplicas: readonly number[]
  readonly removingReplicas: readonly number[]
  readonly eligible: readonly number[]
  readonly lastKnown: readonly number[]
  readonly leader: number
  readonly leaderRecoveryState: number
}

/** The record, or null where nothing changes. */
export function changePartition(
  topicId: string,
  partitionId: number,
  partition: PartitionImage,
  target: PartitionTarget,
  facts: ChangeFacts,
): MetadataRecord | null {
  const asked: Draft = {
    replicas: target.replicas ?? partition.replicas,
    isr: target.isr ?? partition.isr,
    addingReplicas: target.addingReplicas ?? partition.addingReplicas,
    removingReplicas: target.removingReplicas ?? partition.removingReplicas,
    eligible: partition.eligibleLeaderReplicas,
    lastKnown: partition.lastKnownEligibleLeaderReplicas,
    leader: partition.leader,
    leaderRecoveryState: target.leaderRecoveryState ?? partition.leaderRecoveryState,
  }
  const draft = withoutLastKnown(elected(withEligible(partition, completed(asked), facts), facts))
  const value = recordOf(topicId, partitionId, partition, draft, facts)
  return value === null ? null : { type: 'PartitionChangeRecord', value }
}

/**
 * The move of replicas is done when all that were added are in sync: those that leave, leave. One that takes away more than it
 * brings waits for all that stay (KAFKA-19975): who leaves may hold one of the last good copies.
 */
function completed(draft: Draft): Draft {
  const { addingReplicas: added, removingReplicas: removed } = draft
  if (added.length === 0 && removed.length === 0) return draft
  const isr = draft.isr.filter((id) => !removed.includes(id))
  const replicas = targetReplicas(draft)
  const awaited = added.length < removed.length ? replicas : added
  if (isr.length === 0 || !awaited.every((id) => isr.includes(id))) return draft
  const remains = (id: number): boolean => replicas.includes(id)
  return {
    ...draft,
    replicas,
    isr,
    addingReplicas: [],
    removingReplicas: [],
    eligible: draft.eligible.filter(remains),
    lastKnown: draft.lastKnown.filter(remains),
  }
}

/** Who left an ISR that is too small has all that is committed, for nothing was committed since. */
function withEligible(before: PartitionImage, draft: Draft, facts: ChangeFacts): Draft {
  if (!facts.keepsEligible) return draft
  if (draft.isr.length >= Math.min(facts.insyncReplicasMin, draft.replicas.length)) {
    return { ...draft, eligible: [], lastKnown: [] }
  }
  const lossOf = facts.lossOf ?? (() => 'none')
  const candidates = [...new Set([...before.eligibleLeaderReplicas, ...before.isr])]
  return {
    ...draft,
    eligible: candidates.filter(
      (id) => draft.replicas.includes(id) && !draft.isr.includes(id) && lossOf(id) === 'none',
    ),
    lastKnown: lastKnown(before, draft).filter(
      // An empty log must not overrule what out-of-sync replicas still have; where there are none it is all there is.
      (id) => lossOf(id) !== 'everything' || draft.replicas.length === 1,
    ),
  }
}

/** Who led when the last member left the ISR. */
function lastKnown(before: PartitionImage, draft: Draft): readonly number[] {
  const left = draft.isr.length === 0 && before.isr.length > 0 && before.leader !== NO_LEADER
  return left ? [before.leader] : draft.lastKnown
}

function elected(draft: Draft, facts: ChangeFacts): Draft {
  const mayLead = (id: number): boolean => draft.isr.includes(id) && facts.isActive(id)
  const [preferred] = draft.replicas
  if (facts.election === 'preferred' && preferred !== undefined && mayLead(preferred)) {
    return { ...draft, leader: preferred }
  }
  if (draft.leader !== NO_LEADER && mayLead(draft.leader)) return draft
  const inSync = draft.replicas.find(mayLead)
  if (inSync !== undefined) return { ...draft, leader: inSync }
  const eligible = draft.eligible.find((id) => facts.isActive(id))
  if (eligible !== undefined) {
    return {
      ...draft,
      leader: eligible,
      isr: [eligible],
      eligible: draft.eligible.filter((id) => id !== eligible),
    }
  }
  const anybody =
    facts.election === 'unclean'
      ? draft.replicas.find((id) => facts.isActive(id))
      : onlyLastKnown(draft, facts)
  if (anybody === undefined) return { ...draft, leader: NO_LEADER }
  return {
    ...draft,
    leader: anybody,
    isr: [anybody],
    eligible: draft.eligible.filter((id) => id !== anybody),
    leaderRecoveryState: RECOVERING,
  }
}

/** Where neither an in-sync nor an eligible replica is left, the last that led is the best there will ever be (KIP-966). */
function onlyLastKnown(draft: Draft, facts: ChangeFacts): number | undefined {
  if (!facts.keepsEligible || draft.isr.length > 0 || draft.eligible.length > 0) return undefined
  const [only, ...others] = draft.lastKnown
  return only !== undefined && others.length === 0 && facts.isActive(only) ? only : undefined
}

/** Who led last is of interest only while nobody leads. */
function withoutLastKnown(draft: Draft): Draft {
  return draft.leader === NO_LEADER ? draft : { ...draft, lastKnown: [] }
}

function recordOf(
  topicId: string,
  partitionId: number,
  before: PartitionImage,
  after: Draft,
  facts: ChangeFacts,
): PartitionChangeRecord | null {
  // An ISR without members says nothing where nobody remembers who was eligible: the last members stay.
  const isr = after.isr.length === 0 && !facts.keepsEligible ? before.isr : after.isr
  const leavesReplica = before.replicas.some((id) => !after.replicas.includes(id))
  const renews = after.leader !== before.leader || facts.renewsLeader === true || leavesReplica
  const replicasChange = !sameList(before.replicas, after.replicas)
  const value: PartitionChangeRecord = {
    partitionId,
    topicId,
    isr: sameList(before.isr, isr) ? null : isr,
    leader: renews ? after.leader : LEADER_UNCHANGED,
    replicas: replicasChange ? after.replicas : null,
    removingReplicas: sameList(before.removingReplicas, after.removingReplicas)
      ? null
      : after.removingReplicas,
    addingReplicas: sameList(before.addingReplicas, after.addingReplicas) ? null : after.addingReplicas,
    leaderRecoveryState:
      before.leaderRecoveryState === after.leaderRecoveryState
        ? RECOVERY_UNCHANGED
        : after.leaderRecoveryState,
    directories: replicasChange ? after.replicas.map((id) => directoryOf(before, id, facts)) : null,
    eligibleLeaderReplicas: sameList(before.eligibleLeaderReplicas, after.eligible) ? null : after.eligible,
    lastKnownElr: sameList(before.lastKnownEligibleLeaderReplicas, after.lastKnown) ? null : after.lastKnown,
  }
  return changesNothing(value) ? null : value
}

function directoryOf(before: PartitionImage, broker: number, facts: ChangeFacts): string {
  const known = before.replicas.indexOf(broker)
  return known < 0 ? facts.directoryOf(broker) : (before.directories[known] ?? ZERO_UUID)
}

function changesNothing(value: PartitionChangeRecord): boolean {
  return (
    value.leader === LEADER_UNCHANGED &&
    value.leaderRecoveryState === RECOVERY_UNCHANGED &&
    value.isr === null &&
    value.replicas === null &&
    value.removingReplicas === null &&
    value.addingReplicas === null &&
    value.eligibleLeaderReplicas === null &&
    value.lastKnownElr === null
  )
}

function sameList(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((id, index) => id === other[index])
}
