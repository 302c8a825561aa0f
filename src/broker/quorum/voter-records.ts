/**
 * The quorum's voters as Kafka's control records: LeaderChange, KRaftVersion and Voters (KIP-595, KIP-853).
 *
 * A voter whose directory is not known yet is written with the zero UUID, which matches every disk; the leader writes the
 * set again when it has learned more.
 */
import { UNKNOWN_DIRECTORY, type Voter } from '../../coordination/raft/message.ts'
import type { ControlRecordInput } from '../../protocol/records/control.ts'
import type { VotersRecord } from '../../protocol/records/control-schemas.ts'

/** The quorum's version from which on a voter is an id on one disk (KIP-853). */
export const KRAFT_VERSION = 1

/** Whether the disk of every voter is known. */
export function knowsDirectories(voters: readonly Voter[]): boolean {
  return voters.every(({ directoryId }) => directoryId !== UNKNOWN_DIRECTORY)
}

/** Who granted their votes is not kept by a Raft node; all voters stand for them, as in Kafka's own static quorums. */
export function leaderChangeRecord(leaderId: number, voters: readonly Voter[]): ControlRecordInput {
  const version = knowsDirectories(voters) ? 1 : 0
  const named = voters.map(({ id, directoryId }) =>
    version === 1 ? { voterId: id, voterDirectoryId: directoryId } : { voterId: id },
  )
  return { type: 'leaderChange', value: { version, leaderId, voters: named, grantingVoters: named } }
}

/** The records that name the voters, in a log or at the head of a snapshot. */
export function votersRecords(voters: readonly Voter[]): ControlRecordInput[] {
  return [
    { type: 'kRaftVersion', value: { version: 0, kRaftVersion: KRAFT_VERSION } },
    {
      type: 'kRaftVoters',
      value: {
        version: 0,
        voters: voters.map(({ id, directoryId, endpoints }) => ({
          voterId: id,
          voterDirectoryId: directoryId,
          endpoints: endpoints.map(({ name, host, port }) => ({ name, host, port })),
          kRaftVersionFeature: { minSupportedVersion: 0, maxSupportedVersion: KRAFT_VERSION },
        })),
      },
    },
  ]
}

/** The voters that a record names. */
export function votersOfRecord(record: VotersRecord): Voter[] {
  return record.voters.map(({ voterId, voterDirectoryId, endpoints }) => ({
    id: voterId,
    directoryId: voterDirectoryId,
    endpoints: endpoints.map(({ name, host, port }) => ({ name, host, port })),
  }))
}
