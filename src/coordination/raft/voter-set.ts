/**
 * Who is a voter: an id by its life on one disk (KIP-853).
 *
 * A voter whose directory is known is only that disk; one that was only ever named by configuration is any.
 */
import { type ReplicaKey, UNKNOWN_DIRECTORY, type Voter } from './message.ts'

/** Whether `replica` is the voter that `voter` means. */
export function isSameVoter(voter: ReplicaKey, replica: ReplicaKey): boolean {
  if (voter.id !== replica.id) return false
  return voter.directoryId === UNKNOWN_DIRECTORY || voter.directoryId === replica.directoryId
}

export function isVoter(voters: readonly Voter[], replica: ReplicaKey): boolean {
  return voters.some((voter) => isSameVoter(voter, replica))
}

/** The same voters, with the directories filled in that have become known. */
export function withDirectories(voters: readonly Voter[], known: readonly ReplicaKey[]): readonly Voter[] {
  return voters.map((voter) => {
    if (voter.directoryId !== UNKNOWN_DIRECTORY) return voter
    const directoryId = known.find(({ id }) => id === voter.id)?.directoryId
    return directoryId === undefined ? voter : { ...voter, directoryId }
  })
}
