/**
 * What a node of the metadata quorum is opened with: who it is, who votes, where its log lies, how long it waits.
 */
import type { PeerAddress, PeerTls } from '../../runtime/peers.ts'
import type { World } from '../../runtime/world.ts'
import type { MetadataSnapshots } from '../../storage/metadata-snapshots.ts'
import type { PartitionLog } from '../../storage/partition-log.ts'

/** A voter as the configuration names it (`controller.quorum.voters`): its disk is not known from there. */
export interface ConfiguredVoter extends PeerAddress {
  readonly id: number
}

export interface QuorumTimeouts {
  /** `controller.quorum.election.timeout.ms`: the longest of the random waits before an election when the leader is known to be gone is a twentieth of it. */
  readonly electionTimeoutMs: number
  /** `controller.quorum.fetch.timeout.ms`: a leader of whom nothing was heard for three quarters of it is replaced. */
  readonly fetchTimeoutMs: number
}

export const defaultQuorumTimeouts: QuorumTimeouts = { electionTimeoutMs: 1_000, fetchTimeoutMs: 2_000 }

export interface RaftQuorumOptions {
  /** The same on every node: a peer of another cluster is refused. */
  readonly clusterId: string
  readonly nodeId: number
  /** Id of the log directory that holds the metadata log. */
  readonly directoryId: string
  /** The first voters; once the log names voters, those count. A node that is not among them observes. */
  readonly voters: readonly ConfiguredVoter[]
  /** Where peers reach this node; null: it only dials. */
  readonly listener: PeerAddress | null
  /** Name of the listener that voters are told of (`controller.listener.names`). */
  readonly listenerName: string
  readonly tls: PeerTls | null
  readonly timeouts: QuorumTimeouts
  /** `metadata.log.max.record.bytes.between.snapshots`. */
  readonly bytesBetweenSnapshots: () => number
  /** `metadata.log.max.snapshot.interval.ms`; 0 never by age. */
  readonly snapshotIntervalMs: () => number
}

export interface QuorumStorage {
  /** `__cluster_metadata-0`; the quorum is its owner. */
  readonly log: PartitionLog
  /** Of the log's folder. */
  readonly snapshots: MetadataSnapshots
  /** The log's folder, where `quorum-state` lies. */
  readonly folder: string
}

export type QuorumWorld = Pick<World, 'clock' | 'disk' | 'random' | 'log' | 'peers'>
