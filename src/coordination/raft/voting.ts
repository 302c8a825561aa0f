/**
 * Whether a node gives its vote, or would give it (Raft §5.2, §5.4.1; pre-vote: KIP-996).
 *
 * One vote in each epoch, only to a log that is at least as far as its own. A pre-vote promises nothing; it is refused
 * by whoever hears a live leader, so that a node that is cut off, or wrong about a death, moves no epoch. A node answers
 * only when it is the very one that is asked, disk included; one that is asked so votes even when its own log does not
 * name it a voter yet, because the candidate's newer set may need it (Ongaro 2014, §4.2.2).
 */
import { type LogEnd, type RaftMessage, type ReplicaKey, UNKNOWN_DIRECTORY } from './message.ts'
import type { NodeState } from './node-state.ts'

export type VoteRequest = Extract<RaftMessage, { type: 'vote-request' }>

/** Whether this node is the voter that is asked. */
export function isAsked(node: NodeState, voter: ReplicaKey): boolean {
  if (voter.id !== node.self.id) return false
  if (voter.directoryId === UNKNOWN_DIRECTORY) return node.isVoter
  return voter.directoryId === node.self.directoryId
}

function isAsFar(log: LogEnd, own: LogEnd): boolean {
  return log.epoch > own.epoch || (log.epoch === own.epoch && log.endOffset >= own.endOffset)
}

function isSameReplica(a: ReplicaKey, b: ReplicaKey): boolean {
  return a.id === b.id && a.directoryId === b.directoryId
}

/** Answers with what was decided; an older epoch than this node's is refused, and told this node's. */
function answer(node: NodeState, request: VoteRequest, granted: boolean): void {
  node.send(request.candidate.id, {
    type: 'vote-response',
    epoch: Math.max(node.epoch, request.epoch),
    isPreVote: request.isPreVote,
    voter: node.self,
    granted,
    leaderId: node.leaderId,
  })
}

/** Answers a pre-vote of any epoch; true when a vote would be given. Nothing changes here. */
export function answerPreVote(node: NodeState, request: VoteRequest, hearsLeader: boolean): boolean {
  const isRefused =
    request.epoch < node.epoch || (hearsLeader && !request.isTransfer) || !isAsFar(request.log, node.log.end)
  answer(node, request, !isRefused)
  return !isRefused
}

/** Answers a request for a vote in this node's epoch or an older one; true when the vote was given. */
export function answerVote(node: NodeState, request: VoteRequest): boolean {
  if (request.epoch < node.epoch) {
    answer(node, request, false)
    return false
  }
  const { votedFor } = node
  if (votedFor !== null) {
    answer(node, request, isSameReplica(votedFor, request.candidate))
    return false
  }
  const isGranted = node.leaderId === null && isAsFar(request.log, node.log.end)
  if (isGranted) node.vote(request.candidate)
  answer(node, request, isGranted)
  return isGranted
}
