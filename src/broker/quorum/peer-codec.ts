/**
 * What nodes say to each other as bytes: the messages of `quorum.proto`.
 *
 * Bodies (batches, pieces of snapshots, commands) are copied once on their way out and not at all on their way in. What
 * comes in is believed only after it was looked at: a frame that is malformed, or whose batches are harmed or do not
 * follow each other, is no frame. It knows nothing of streams.
 */
import protobuf from 'protobufjs/light.js'
import type { LogEnd, RaftMessage, ReplicaKey } from '../../coordination/raft/message.ts'
import type { PeerAddress } from '../../runtime/peers.ts'
import { checkedSpans } from './metadata-batches.ts'
import { PeerFields } from './peer-fields.ts'
import type { CommandReply, CommandRequest, Hello, PeerCodec, PeerFrame } from './peer-frames.ts'
import { PEER_PACKAGE, peerMessages } from './peer-messages.ts'

const NOBODY = -1
const BYTES_WIRE_TYPE = 2
const PORT_MAX = 65_535

/** Made with the first message: a node that is alone needs none. */
let root: protobuf.Root | null = null

function typeOf(name: string): protobuf.Type {
  root ??= protobuf.Root.fromJSON(peerMessages)
  return root.lookupType(`${PEER_PACKAGE}.${name}`)
}

/** The fields of a message of that type, as protobufjs takes them. */
type Fields = Readonly<Record<string, unknown>>

function encodedAs(type: protobuf.Type, fields: Fields): Uint8Array {
  return type.encode(fields).finish()
}

/** A field's number and, for what has a length, its length. */
function fieldHead(type: protobuf.Type, name: string, sizeBytes: number): Uint8Array {
  const id = type.fields[name]?.id
  if (id === undefined) throw new Error(`${type.name} has no field ${name}`)
  return protobuf.Writer.create()
    .uint32((id << 3) | BYTES_WIRE_TYPE)
    .uint32(sizeBytes)
    .finish()
}

/** `head` and, behind it, the bodies as fields of the message `type`: each body is copied once, into place. */
function withBodies(
  type: protobuf.Type,
  head: Uint8Array,
  name: string,
  bodies: readonly Buffer[],
): Uint8Array[] {
  return [head, ...bodies.flatMap((body) => [fieldHead(type, name, body.length), body])]
}

function sizeOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0)
}

/** A QuorumMessage around a message that is there in parts. */
function framed(name: string, parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat([fieldHead(typeOf('QuorumMessage'), name, sizeOf(parts)), ...parts])
}

/** The first frame of each side of a stream. */
function encodeHello(hello: Hello): Buffer {
  return framed('hello', [encodedAs(typeOf('Hello'), { ...hello })])
}

/** One message of Raft. */
function encodeMessage(message: RaftMessage): Buffer {
  switch (message.type) {
    case 'append-request': {
      const type = typeOf('AppendRequest')
      const { epoch, leaderId, previous, highWatermark, round } = message
      const head = encodedAs(type, { epoch, leaderId, previous, highWatermark, round })
      return framed('appendRequest', withBodies(type, head, 'batches', message.batches))
    }
    case 'snapshot-chunk': {
      const type = typeOf('SnapshotChunk')
      const { epoch, leaderId, snapshot, position, isLast } = message
      const head = encodedAs(type, { epoch, leaderId, snapshot, position, isLast })
      return framed('snapshotChunk', withBodies(type, head, 'bytes', [message.bytes]))
    }
    case 'vote-request':
      return framed('voteRequest', [encodedAs(typeOf('VoteRequest'), { ...message })])
    case 'vote-response':
      return framed('voteResponse', [encodedAs(typeOf('VoteResponse'), withLeader(message))])
    case 'append-response': {
      const { outcome, ...rest } = message
      const { kind } = outcome
      return framed('appendResponse', [encodedAs(typeOf('AppendResponse'), { ...rest, [kind]: outcome })])
    }
    case 'snapshot-response':
      return framed('snapshotResponse', [encodedAs(typeOf('SnapshotResponse'), { ...message })])
    case 'attach':
      return framed('attach', [encodedAs(typeOf('Attach'), { ...message })])
    case 'leader-hint':
      return framed('leaderHint', [encodedAs(typeOf('LeaderHint'), withLeader(message))])
    case 'take-over':
      return framed('takeOver', [encodedAs(typeOf('TakeOver'), { ...message })])
  }
}

function withLeader<M extends { readonly leaderId: number | null }>(message: M): Fields {
  return { ...message, leaderId: message.leaderId ?? NOBODY }
}

/** null when the bytes are no frame, or one that must not be believed. */
function decodeFrame(bytes: Buffer): PeerFrame | null {
  return attempt(() => {
    const fields = PeerFields.of(typeOf('QuorumMessage'), bytes)
    const name = fields.chosen('message')
    if (name === null) return null
    const inner = fields.message(name)
    if (name === 'hello') return { type: 'hello', hello: helloOf(inner) }
    const message = messageOf(name, inner)
    return message === null ? null : { type: 'raft', message }
  })
}

/** What protobufjs or a missing field raises is a malformed frame. */
function attempt<T>(decode: () => T): T | null {
  try {
    return decode()
  } catch {
    return null
  }
}

function helloOf(fields: PeerFields): Hello {
  return { clusterId: fields.text('clusterId'), sender: keyOf(fields.message('sender')) }
}

function keyOf(fields: PeerFields): ReplicaKey {
  return { id: fields.count('id'), directoryId: fields.text('directoryId') }
}

function logEndOf(fields: PeerFields): LogEnd {
  return { endOffset: fields.count('endOffset'), epoch: fields.count('epoch') }
}

function leaderOf(fields: PeerFields): number | null {
  const id = fields.int('leaderId')
  return id < 0 ? null : id
}

/** Left out by nodes that do not know it, or cannot say it. */
function leaderAtOf(fields: PeerFields): { readonly leaderAt?: PeerAddress } {
  if (!fields.has('leaderAt')) return {}
  const address = fields.message('leaderAt')
  const [host, port] = [address.text('host'), address.count('port')]
  if (host === '' || port > PORT_MAX) throw new Error('leaderAt is no address')
  return { leaderAt: { host, port } }
}

function messageOf(name: string, fields: PeerFields): RaftMessage | null {
  const epoch = fields.count('epoch')
  switch (name) {
    case 'voteRequest':
      return {
        type: 'vote-request',
        epoch,
        isPreVote: fields.flag('isPreVote'),
        candidate: keyOf(fields.message('candidate')),
        voter: keyOf(fields.message('voter')),
        log: logEndOf(fields.message('log')),
        isTransfer: fields.flag('isTransfer'),
      }
    case 'voteResponse':
      return {
        type: 'vote-response',
        epoch,
        isPreVote: fields.flag('isPreVote'),
        voter: keyOf(fields.message('voter')),
        granted: fields.flag('granted'),
        leaderId: leaderOf(fields),
      }
    case 'appendRequest':
      return appendRequestOf(epoch, fields)
    case 'appendResponse':
      return appendResponseOf(epoch, fields)
    case 'snapshotChunk':
      return {
        type: 'snapshot-chunk',
        epoch,
        leaderId: fields.count('leaderId'),
        snapshot: logEndOf(fields.message('snapshot')),
        position: fields.count('position'),
        bytes: fields.bytes('bytes'),
        isLast: fields.flag('isLast'),
      }
    case 'snapshotResponse':
      return {
        type: 'snapshot-response',
        epoch,
        replica: keyOf(fields.message('replica')),
        snapshot: logEndOf(fields.message('snapshot')),
        nextPosition: fields.count('nextPosition'),
        installed: fields.flag('installed'),
      }
    case 'attach':
      return {
        type: 'attach',
        epoch,
        replica: keyOf(fields.message('replica')),
        log: logEndOf(fields.message('log')),
      }
    case 'leaderHint':
      return { type: 'leader-hint', epoch, leaderId: leaderOf(fields), ...leaderAtOf(fields) }
    case 'takeOver':
      return { type: 'take-over', epoch, leaderId: fields.count('leaderId') }
    default:
      return null
  }
}

function appendRequestOf(epoch: number, fields: PeerFields): RaftMessage | null {
  const previous = logEndOf(fields.message('previous'))
  const batches = fields.bytesList('batches')
  const spans = checkedSpans(batches)
  if (spans === null) return null
  const [first, last] = [spans[0], spans.at(-1)]
  if (first !== undefined && (first.baseOffset !== previous.endOffset || first.epoch < previous.epoch))
    return null
  if (last !== undefined && last.epoch > epoch) return null
  return {
    type: 'append-request',
    epoch,
    leaderId: fields.count('leaderId'),
    previous,
    spans,
    batches,
    highWatermark: fields.count('highWatermark'),
    round: fields.count('round'),
  }
}

function appendResponseOf(epoch: number, fields: PeerFields): RaftMessage | null {
  const kind = fields.chosen('outcome')
  if (kind !== 'accepted' && kind !== 'diverged') return null
  const outcome = fields.message(kind)
  return {
    type: 'append-response',
    epoch,
    replica: keyOf(fields.message('replica')),
    round: fields.count('round'),
    outcome:
      kind === 'accepted'
        ? { kind, endOffset: outcome.count('endOffset') }
        : { kind, log: logEndOf(outcome.message('log')) },
    appliedOffset: fields.count('appliedOffset'),
  }
}

function encodeCommandRequest({ sender, payload }: CommandRequest): Buffer {
  const type = typeOf('CommandRequest')
  return Buffer.concat(withBodies(type, encodedAs(type, { sender }), 'payload', [payload]))
}

/** null when the bytes are no request. */
function decodeCommandRequest(bytes: Buffer): CommandRequest | null {
  return attempt(() => {
    const fields = PeerFields.of(typeOf('CommandRequest'), bytes)
    return { sender: helloOf(fields.message('sender')), payload: fields.bytes('payload') }
  })
}

function encodeCommandReply(reply: CommandReply): Buffer {
  const type = typeOf('CommandReply')
  switch (reply.type) {
    case 'answer':
      return Buffer.concat(withBodies(type, new Uint8Array(0), 'payload', [reply.payload]))
    case 'not-controller': {
      const { leaderId, epoch } = reply
      return Buffer.from(encodedAs(type, { notController: { leaderId, epoch } }))
    }
    case 'failed':
      return Buffer.from(encodedAs(type, { failed: { reason: reply.reason } }))
  }
}

/** null when the bytes are no reply. */
function decodeCommandReply(bytes: Buffer): CommandReply | null {
  return attempt((): CommandReply | null => {
    const fields = PeerFields.of(typeOf('CommandReply'), bytes)
    switch (fields.chosen('outcome')) {
      case 'payload':
        return { type: 'answer', payload: fields.bytes('payload') }
      case 'notController': {
        const hint = fields.message('notController')
        return { type: 'not-controller', leaderId: hint.int('leaderId'), epoch: hint.count('epoch') }
      }
      case 'failed':
        return { type: 'failed', reason: fields.message('failed').text('reason') }
      default:
        return null
    }
  })
}

export const peerCodec: PeerCodec = {
  encodeHello,
  encodeMessage,
  decodeFrame,
  encodeCommandRequest,
  decodeCommandRequest,
  encodeCommandReply,
  decodeCommandReply,
}
