/**
 * What the leader of a partition asks of the metadata quorum's active controller.
 *
 * Filled by whoever talks to the controller (AlterPartition, KIP-497, KIP-903). It must never answer `refused`
 * unless it is certain that the proposal was not taken and never will be: a leader that forgets a replica which
 * the quorum has let in would acknowledge records that the next leader lacks (trap 13). So a proposal whose fate
 * is unknown is asked again until it is known; the same proposal twice is harmless, its partition epoch fences it.
 */
import type { IsrMember } from '../../coordination/replication/partition-leader.ts'

/** An in-sync set that a leader asks for. */
export interface IsrProposal {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  readonly leaderEpoch: number
  /** The partition epoch that the proposal is based on; the quorum takes it only while that is the current one. */
  readonly partitionEpoch: number
  readonly isr: readonly IsrMember[]
  /** Followers that lack what is committed: they must not be elected from the eligible ones either. */
  readonly lost: readonly number[]
  /**
   * The controller has refused it for good, with that error code. A proposal that was taken is not answered: the
   * next metadata image brings it. Called at most once; harmless after the leader epoch is over.
   */
  readonly refused: (errorCode: number) => void
}

export interface PartitionController {
  /** Asks for another in-sync set. Proposals that are made in one turn of the event loop may leave together. */
  proposeIsr(proposal: IsrProposal): void
  /**
   * This node leads the partition in that epoch but must not (its log is damaged below the recovery point): asks
   * for another leader from the in-sync set, and to be taken out of it. May be called again while nothing changes.
   */
  giveUpLeadership(partition: {
    readonly topic: string
    readonly topicId: string
    readonly partition: number
    readonly leaderEpoch: number
    readonly reason: string
  }): void
}

/** For a node that is alone: its partitions have one replica, whose in-sync set cannot change. */
export const noController: PartitionController = {
  proposeIsr(proposal) {
    throw new Error(
      `${proposal.topic}-${proposal.partition} has one replica, whose in-sync set cannot change`,
    )
  },
  giveUpLeadership() {},
}
