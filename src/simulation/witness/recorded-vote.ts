/**
 * Reads from a node's disk which vote it has recorded, as far as that was synced: a power cut now would leave no other.
 */
import { decodeQuorumState } from '../../broker/quorum/quorum-state-file.ts'
import { joinPath } from '../../runtime/disk.ts'
import type { OverheardVote } from '../history.ts'
import { DATA, type SimulatedNode } from '../simulated-node.ts'
import { contentOf, ofSynced } from './replica-track.ts'

const FILE = joinPath(DATA, '__cluster_metadata-0/quorum-state')

export function recordedVote({ disk }: SimulatedNode): OverheardVote['onDisk'] {
  const content = ofSynced(disk, () => contentOf(disk, FILE))
  const state = content === null ? null : decodeQuorumState(content)
  return state === null ? null : { epoch: state.epoch, candidate: state.votedFor?.id ?? null }
}
