import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import protobuf from 'protobufjs'
import { describe, expect, it } from 'vitest'
import {
  checkedSpans,
  decisionBatch,
  leaderChangeBatch,
} from '../../../src/broker/quorum/metadata-batches.ts'
import { peerCodec } from '../../../src/broker/quorum/peer-codec.ts'
import { peerMessages } from '../../../src/broker/quorum/peer-messages.ts'
import type { RaftMessage } from '../../../src/coordination/raft/message.ts'
import { setBaseOffset, setLeaderEpoch } from '../../../src/protocol/records/batch.ts'

const {
  decodeCommandReply,
  decodeCommandRequest,
  decodeFrame,
  encodeCommandReply,
  encodeCommandRequest,
  encodeHello,
  encodeMessage,
} = peerCodec
const PROTO = join(import.meta.dirname, '../../../src/coordination/quorum.proto')

function batch(baseOffset: number, epoch: number, names: readonly string[]): Buffer {
  const bytes = decisionBatch(
    names.map((name) => ({
      type: 'ConfigRecord',
      value: { resourceType: 2, resourceName: name, name: 'k', value: 'v' },
    })),
    1_700_000_000_000,
  )
  setBaseOffset(bytes, 0, baseOffset)
  setLeaderEpoch(bytes, 0, epoch)
  return bytes
}

const key = { id: 2, directoryId: 'Xv3_1d6tT8Ox8oVqv5cDpA' }
const log = { endOffset: 2 ** 40 + 1, epoch: 7 }

function appendRequest(batches: readonly Buffer[], previous = { endOffset: 10, epoch: 3 }): RaftMessage {
  return {
    type: 'append-request',
    epoch: 5,
    leaderId: 1,
    previous,
    spans: checkedSpans(batches) ?? [],
    batches,
    highWatermark: 9,
    round: 77,
  }
}

const messages: readonly RaftMessage[] = [
  {
    type: 'vote-request',
    epoch: 5,
    isPreVote: true,
    candidate: key,
    voter: { ...key, id: 3 },
    log,
    isTransfer: false,
  },
  {
    type: 'vote-request',
    epoch: 0,
    isPreVote: false,
    candidate: key,
    voter: key,
    log: { endOffset: 0, epoch: 0 },
    isTransfer: true,
  },
  { type: 'vote-response', epoch: 5, isPreVote: false, voter: key, granted: true, leaderId: null },
  { type: 'vote-response', epoch: 5, isPreVote: true, voter: key, granted: false, leaderId: 0 },
  appendRequest([]),
  appendRequest([batch(10, 3, ['a', 'b']), batch(12, 5, ['c'])]),
  {
    type: 'append-response',
    epoch: 5,
    replica: key,
    round: 3,
    outcome: { kind: 'accepted', endOffset: 0 },
    appliedOffset: 0,
  },
  {
    type: 'append-response',
    epoch: 5,
    replica: key,
    round: 3,
    outcome: { kind: 'diverged', log },
    appliedOffset: 12,
  },
  {
    type: 'snapshot-chunk',
    epoch: 5,
    leaderId: 1,
    snapshot: log,
    position: 1_000,
    bytes: Buffer.from('piece'),
    isLast: true,
  },
  { type: 'snapshot-response', epoch: 5, replica: key, snapshot: log, nextPosition: 1_005, installed: false },
  { type: 'attach', epoch: 0, replica: key, log },
  { type: 'leader-hint', epoch: 5, leaderId: null },
  { type: 'leader-hint', epoch: 5, leaderId: 3 },
  { type: 'leader-hint', epoch: 5, leaderId: 3, leaderAt: { host: 'node-3', port: 9_093 } },
  { type: 'take-over', epoch: 5, leaderId: 1 },
]

describe('peer codec', () => {
  it('speaks what quorum.proto says', () => {
    const parsed = protobuf.parse(readFileSync(PROTO, 'utf8')).root
    // Only a parser knows how names were spelled in the file.
    const described = (root: protobuf.Root): unknown =>
      JSON.parse(JSON.stringify(root.resolveAll()), (key, value) => (key === 'protoName' ? undefined : value))
    expect(described(protobuf.Root.fromJSON(peerMessages))).toEqual(described(parsed))
  })

  it.each(messages.map((message) => [message.type, message] as const))('carries %s', (_type, message) => {
    expect(decodeFrame(encodeMessage(message))).toEqual({ type: 'raft', message })
  })

  it('carries what any other implementation of the protocol writes', () => {
    const { root } = protobuf.parse(readFileSync(PROTO, 'utf8'))
    const type = root.lookupType('sluice.quorum.v1.QuorumMessage')
    const batches = [batch(10, 4, ['a'])]
    const theirs = Buffer.from(
      type
        .encode({
          appendRequest: {
            epoch: 5,
            leaderId: 1,
            previous: { endOffset: 10, epoch: 3 },
            highWatermark: 9,
            round: 77,
            batches,
          },
        })
        .finish(),
    )
    const ours = encodeMessage(appendRequest(batches))
    expect(decodeFrame(theirs)).toEqual(decodeFrame(ours))
    expect(type.toObject(type.decode(ours))).toEqual(type.toObject(type.decode(theirs)))
  })

  it('carries a greeting, commands and their replies', () => {
    const sender = { clusterId: 'cluster', sender: key }
    expect(decodeFrame(encodeHello(sender))).toEqual({ type: 'hello', hello: sender })
    const request = { sender, payload: Buffer.from('command') }
    expect(decodeCommandRequest(encodeCommandRequest(request))).toEqual(request)
    for (const reply of [
      { type: 'answer', payload: Buffer.from('done') },
      { type: 'answer', payload: Buffer.alloc(0) },
      { type: 'not-controller', leaderId: -1, epoch: 4 },
      { type: 'failed', reason: 'why' },
    ] as const)
      expect(decodeCommandReply(encodeCommandReply(reply))).toEqual(reply)
  })

  it('hands out batches as slices of what was received', () => {
    const frame = encodeMessage(appendRequest([batch(10, 3, ['a'])]))
    const decoded = decodeFrame(frame)
    if (decoded?.type !== 'raft' || decoded.message.type !== 'append-request') return expect.unreachable()
    expect(decoded.message.batches[0]?.buffer).toBe(frame.buffer)
  })

  it('believes no frame that is cut, and none that is noise', () => {
    for (const message of messages) {
      const frame = encodeMessage(message)
      for (let size = 1; size < frame.length; size++) {
        const decoded = decodeFrame(frame.subarray(0, size))
        expect(decoded, `${message.type} cut after ${size}`).toBeNull()
      }
    }
    expect(decodeFrame(Buffer.alloc(0))).toBeNull()
    expect(decodeFrame(Buffer.from('GET / HTTP/1.1'))).toBeNull()
    expect(decodeCommandRequest(Buffer.from('noise'))).toBeNull()
    expect(decodeCommandReply(Buffer.alloc(0))).toBeNull()
  })

  it('believes no batches that are harmed, do not follow each other, or are of a later epoch', () => {
    const whole = batch(10, 3, ['a', 'b'])
    const decode = (batches: readonly Buffer[], previous?: { endOffset: number; epoch: number }) =>
      decodeFrame(encodeMessage(appendRequest(batches, previous)))
    expect(decode([whole])).not.toBeNull()
    const harmed = Buffer.from(whole)
    harmed.writeUInt8(harmed.readUInt8(harmed.length - 1) ^ 1, harmed.length - 1)
    expect(decode([harmed])).toBeNull()
    expect(decode([whole.subarray(0, whole.length - 1)])).toBeNull()
    expect(decode([whole, batch(13, 3, ['c'])])).toBeNull()
    expect(decode([whole, batch(12, 2, ['c'])])).toBeNull()
    expect(decode([batch(10, 6, ['a'])])).toBeNull()
    expect(decode([whole], { endOffset: 9, epoch: 3 })).toBeNull()
    expect(decode([whole], { endOffset: 10, epoch: 4 })).toBeNull()
  })

  it('finds the epochs of entries', () => {
    const change = leaderChangeBatch(1, [], [], 1_700_000_000_000)
    setBaseOffset(change, 0, 12)
    setLeaderEpoch(change, 0, 4)
    const run = Buffer.concat([batch(10, 3, ['a', 'b']), change])
    expect(checkedSpans([run, batch(13, 4, ['c'])])).toEqual([
      { epoch: 3, baseOffset: 10, endOffset: 12 },
      { epoch: 4, baseOffset: 12, endOffset: 14 },
    ])
  })
})
