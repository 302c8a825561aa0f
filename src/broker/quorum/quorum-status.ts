/**
 * The quorum as one node sees it, for DescribeQuorum and for those who wait until all serve a change.
 */
import { type ReplicaKey, UNKNOWN_DIRECTORY, type Voter } from '../../coordination/raft/message.ts'
import type { RaftStatus, ReplicaProgress } from '../../coordination/raft/raft-node.ts'
import type { QuorumReplica, QuorumStatus } from './metadata-quorum.ts'
import type { ReplicaContacts } from './replica-contacts.ts'

export interface OwnView {
  readonly self: ReplicaKey
  readonly appliedOffset: number
  readonly kraftVersion: number
  readonly nowMs: number
  readonly contacts: ReplicaContacts
}

/** What `status` says, with what this node knows of itself and of those it has heard. */
export function describeQuorum(status: RaftStatus, own: OwnView): QuorumStatus {
  const describe = (key: ReplicaKey, endpoints: Voter['endpoints'], progress: ReplicaProgress | undefined) =>
    key.id === own.self.id
      ? describeSelf(status, own, endpoints)
      : describeOther(key, endpoints, progress, own.contacts)
  const observers = status.progress.filter(({ isVoter }) => !isVoter)
  return {
    role: status.role,
    leaderId: status.leaderId ?? -1,
    leaderEpoch: status.epoch,
    votedId: status.votedFor?.id ?? -1,
    highWatermark: status.highWatermark,
    logEndOffset: status.log.endOffset,
    logEndEpoch: status.log.epoch,
    kraftVersion: own.kraftVersion,
    voters: status.voters.map((voter) =>
      describe(
        voter,
        voter.endpoints,
        status.progress.find(({ isVoter, replica }) => isVoter && replica.id === voter.id),
      ),
    ),
    observers: observers
      .filter(({ replica }) => replica.id !== own.self.id)
      .map((progress) => describeOther(progress.replica, [], progress, own.contacts)),
  }
}

function describeSelf(status: RaftStatus, own: OwnView, endpoints: Voter['endpoints']): QuorumReplica {
  const isLeader = status.role === 'leader'
  return {
    ...own.self,
    endpoints,
    logEndOffset: status.log.endOffset,
    appliedOffset: own.appliedOffset,
    lastHeardMs: own.nowMs,
    lastCaughtUpMs: isLeader ? own.nowMs : -1,
  }
}

function describeOther(
  key: ReplicaKey,
  endpoints: Voter['endpoints'],
  progress: ReplicaProgress | undefined,
  contacts: ReplicaContacts,
): QuorumReplica {
  const contact = contacts.get(key.id)
  const known = key.directoryId === UNKNOWN_DIRECTORY ? contact?.directoryId : undefined
  return {
    id: key.id,
    directoryId: known ?? key.directoryId,
    endpoints,
    logEndOffset: progress?.matchedOffset ?? -1,
    appliedOffset: progress?.appliedOffset ?? -1,
    lastHeardMs: contact?.heardMs ?? -1,
    lastCaughtUpMs: contact?.caughtUpMs ?? -1,
  }
}
