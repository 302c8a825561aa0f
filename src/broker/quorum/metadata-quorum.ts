/**
 * The port to the metadata quorum: where commands are decided, recorded and become the truth.
 *
 * A command is a pure decision over the image; its reply is given out only when its records are on the disks of a
 * majority, applied, and served by this node. `MetadataQuorum` is what a handler needs; `ClusterQuorum` adds what
 * the controller and the broker's life need.
 */
import type { MetadataDecision } from '../../coordination/metadata/decision.ts'
import type { MetadataDelta } from '../../coordination/metadata/delta.ts'
import type { MetadataImage } from '../../coordination/metadata/image.ts'
import type { ReplicaKey, Voter, VoterEndpoint } from '../../coordination/raft/message.ts'
import type { RaftRole, RaftStatus } from '../../coordination/raft/raft-machine.ts'

/** `nextOffset` is the offset at which the first record of the decision will stand. */
export type MetadataCommand<Reply> = (image: MetadataImage, nextOffset: number) => MetadataDecision<Reply>

/** Is told of every change, in order, before the replies that follow from it; its promise is awaited. */
export type MetadataListener = (image: MetadataImage, delta: MetadataDelta) => Promise<void>

/** What this node knows of a replica of the metadata log; full only on the leader, which alone hears of all. */
export interface QuorumReplica extends ReplicaKey {
  /** Where it is reached; empty for observers, and for voters that were named without one. */
  readonly endpoints: readonly VoterEndpoint[]
  /** One past the last offset on its disk; -1 unknown. */
  readonly logEndOffset: number
  /** One past the last offset that it serves; -1 unknown. */
  readonly appliedOffset: number
  /** Wall clock of its last word, and of the last moment at which it held all that the leader held; -1 unknown. */
  readonly lastHeardMs: number
  readonly lastCaughtUpMs: number
}

export interface QuorumStatus {
  readonly role: RaftRole
  /** -1 while no leader is known. */
  readonly leaderId: number
  readonly leaderEpoch: number
  /** Whom this node voted for in that epoch; -1 nobody. */
  readonly votedId: number
  readonly highWatermark: number
  readonly logEndOffset: number
  readonly logEndEpoch: number
  /** 1 from where the log names the voters on, each with its disk (KIP-853); 0 while only the configuration does. */
  readonly kraftVersion: number
  readonly voters: readonly QuorumReplica[]
  /** Empty unless this node leads. */
  readonly observers: readonly QuorumReplica[]
}

export interface MetadataQuorum {
  readonly clusterId: string
  /** The newest committed image. */
  readonly image: MetadataImage
  readonly status: QuorumStatus
  /**
   * Rejects with `NotController` where another node leads, or when leadership was lost before the records were
   * committed (then nobody knows yet whether they will be); with `MetadataUnavailable` when there is no room for the
   * records; with another error only when the log has failed for good.
   */
  submit<Reply>(command: MetadataCommand<Reply>): Promise<Reply>
  /** Is told of every change after the image of now. */
  listen(listener: MetadataListener): void
}

/** Told in turn: leads from an epoch on, then resigns. Neither may throw. */
export interface LeadershipListener {
  /** This node is the active controller: its image holds everything that was committed before. */
  lead(leaderEpoch: number): void
  resign(): void
}

/** Answers a command that another node sent to the active controller; a rejection with `NotController` is told as such. */
export type CommandHandler = (payload: Buffer, fromNodeId: number) => Promise<Buffer>

export interface ClusterQuorum extends MetadataQuorum {
  /** This node is the active controller: `submit` decides here. */
  readonly isActive: boolean
  /** The epoch in which it is; -1 while it is not. */
  readonly activeEpoch: number
  /** One past the last offset of the metadata log that this node serves. */
  readonly appliedOffset: number
  /**
   * As `listen`, but the first call tells everything from nothing to the image of now; resolves after it. No change
   * comes between the two.
   */
  follow(listener: MetadataListener): Promise<void>
  /** Called at once when this node is active already. */
  onLeadership(listener: LeadershipListener): void
  /** Called whenever another leader, or none, is known; -1 none. */
  onLeaderKnown(listener: (leaderId: number, leaderEpoch: number) => void): void
  /** Called whenever the Raft node has had its turn, with what it is like then. */
  onTurned(listener: (status: RaftStatus) => void): void
  /** Why this node takes no part any more; null while it does. */
  readonly failure: Error | null
  /** Called when the last stream to a node has ended: a hint that it may be dead, never a proof. */
  onPeerLost(listener: (nodeId: number) => void): void
  /**
   * Resolves when every named node serves everything below `offset`, or `deadlineMs` milliseconds from now, whichever
   * is first. `nodeIds` is asked again at every step, so that a node that dies is waited for no longer. Resolves at once
   * when this node does not lead any more: only a leader hears who serves what.
   */
  whenServed(offset: number, nodeIds: () => Iterable<number>, deadlineMs: number): Promise<void>
  /**
   * Has the active controller answer, wherever it is. Waits for a leader to be known and asks the next one when the
   * answer is "not controller". Rejects with `NotController` when none answered within `deadlineMs` milliseconds, or
   * when the connection failed while the command was under way (nobody knows whether it was carried out).
   */
  callController(payload: Buffer, deadlineMs: number): Promise<Buffer>
  serveCommands(handler: CommandHandler): void
  /** Changes at most one voter; resolves when the change is committed, rejects with `VotersRefused` or `NotController`. */
  changeVoters(voters: readonly Voter[]): Promise<void>
  /** Resolves when this node serves what was committed before it came: the image is as new as the leader's was. */
  whenCaughtUp(): Promise<void>
  /** Called once, when this node can take no part any more: its metadata log is lost to it, and its image stands still. */
  onFailed(listener: (error: Error) => void): void
  /** Hands leadership over where others can take it, then lets go of peers and timers. Idempotent; the log stays open. */
  stop(): Promise<void>
}
