/**
 * What travels between nodes, and the codec that spells it.
 *
 * The codec is loaded by nodes that have peers: one that is alone never carries what it takes to speak to others.
 */
import type { RaftMessage, ReplicaKey } from '../../coordination/raft/message.ts'
import type { PeerTls } from '../../runtime/peers.ts'

/** Who opens a stream or sends a command. */
export interface Hello {
  readonly clusterId: string
  readonly sender: ReplicaKey
}

export type PeerFrame =
  | { readonly type: 'hello'; readonly hello: Hello }
  | { readonly type: 'raft'; readonly message: RaftMessage }

export interface CommandRequest {
  readonly sender: Hello
  readonly payload: Buffer
}

export type CommandReply =
  | { readonly type: 'answer'; readonly payload: Buffer }
  | { readonly type: 'not-controller'; readonly leaderId: number; readonly epoch: number }
  | { readonly type: 'failed'; readonly reason: string }

/** What a node brings to every conversation with others. */
export interface PeerVoice {
  readonly hello: Hello
  readonly codec: PeerCodec
  readonly tls: PeerTls | null
}

/** Bytes that cannot be read, or must not be believed, decode to null. */
export interface PeerCodec {
  encodeHello(hello: Hello): Buffer
  encodeMessage(message: RaftMessage): Buffer
  decodeFrame(bytes: Buffer): PeerFrame | null
  encodeCommandRequest(request: CommandRequest): Buffer
  decodeCommandRequest(bytes: Buffer): CommandRequest | null
  encodeCommandReply(reply: CommandReply): Buffer
  decodeCommandReply(bytes: Buffer): CommandReply | null
}

const alone = (): never => {
  throw new Error('this node has nobody to speak to')
}

/** For a node that is alone. */
export const noCodec: PeerCodec = {
  encodeHello: alone,
  encodeMessage: alone,
  decodeFrame: alone,
  encodeCommandRequest: alone,
  decodeCommandRequest: alone,
  encodeCommandReply: alone,
  decodeCommandReply: alone,
}
