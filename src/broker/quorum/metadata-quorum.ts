/**
 * The port to the metadata quorum: where commands are decided, recorded and become the truth.
 *
 * A command is a pure decision over the image; its reply is given out only when its records are durable,
 * applied, and served by this node. One node fills the port today, a Raft of many will.
 */
import type { MetadataDecision } from '../../coordination/metadata/decision.ts'
import type { MetadataDelta } from '../../coordination/metadata/delta.ts'
import type { MetadataImage } from '../../coordination/metadata/image.ts'

/** `nextOffset` is the offset at which the first record of the decision will stand. */
export type MetadataCommand<Reply> = (image: MetadataImage, nextOffset: number) => MetadataDecision<Reply>

/** Is told of every change, in order, before the replies that follow from it; its promise is awaited. */
export type MetadataListener = (image: MetadataImage, delta: MetadataDelta) => Promise<void>

export interface QuorumStatus {
  readonly leaderId: number
  readonly leaderEpoch: number
  readonly highWatermark: number
  readonly logEndOffset: number
}

export interface MetadataQuorum {
  readonly clusterId: string
  /** The newest committed image. */
  readonly image: MetadataImage
  readonly status: QuorumStatus
  /** Rejects with `MetadataUnavailable` when there is no room for the records, else only when the log has failed for good. */
  submit<Reply>(command: MetadataCommand<Reply>): Promise<Reply>
  listen(listener: MetadataListener): void
}
