/** What a Raft node reads at all: messages that can be what they say. What cannot be is ignored and never throws. */
import { describe, expect, it } from 'vitest'
import type { RaftMessage } from '../../../src/coordination/raft/message.ts'
import { isCredible } from '../../../src/coordination/raft/message-check.ts'
import { emptyDisk, RaftHost } from './raft-host.ts'

const replica = { id: 2, directoryId: 'd2' }
const log = { endOffset: 3, epoch: 1 }
const snapshot = { endOffset: 5, epoch: 1 }

const append: Extract<RaftMessage, { type: 'append-request' }> = {
  type: 'append-request',
  epoch: 4,
  leaderId: 2,
  previous: log,
  spans: [
    { epoch: 1, baseOffset: 3, endOffset: 4 },
    { epoch: 4, baseOffset: 4, endOffset: 6 },
  ],
  batches: [],
  highWatermark: 3,
  round: 1,
}

const good: readonly RaftMessage[] = [
  append,
  { ...append, spans: [] },
  {
    type: 'vote-request',
    epoch: 4,
    isPreVote: false,
    candidate: replica,
    voter: { id: 1, directoryId: 'd1' },
    log,
    isTransfer: false,
  },
  { type: 'vote-response', epoch: 4, isPreVote: true, voter: replica, granted: true, leaderId: null },
  {
    type: 'append-response',
    epoch: 4,
    replica,
    round: 1,
    outcome: { kind: 'accepted', endOffset: 9 },
    appliedOffset: 0,
  },
  {
    type: 'append-response',
    epoch: 4,
    replica,
    round: 1,
    outcome: { kind: 'diverged', log },
    appliedOffset: 0,
  },
  {
    type: 'snapshot-chunk',
    epoch: 4,
    leaderId: 2,
    snapshot,
    position: 0,
    bytes: Buffer.alloc(1),
    isLast: true,
  },
  { type: 'snapshot-response', epoch: 4, replica, snapshot, nextPosition: 1, installed: false },
  { type: 'attach', epoch: 4, replica, log },
  { type: 'leader-hint', epoch: 4, leaderId: null },
  { type: 'take-over', epoch: 4, leaderId: 2 },
]

const bad: readonly [string, RaftMessage][] = [
  ['a negative epoch', { ...append, epoch: -1 }],
  ['an epoch that is no int32', { ...append, epoch: 2 ** 31 }],
  ['an epoch of half', { type: 'leader-hint', epoch: 1.5, leaderId: null }],
  [
    'a point of a later epoch than the message',
    { ...append, previous: { endOffset: 3, epoch: 5 }, spans: [] },
  ],
  ['a gap before the entries', { ...append, previous: { endOffset: 2, epoch: 1 } }],
  ['an empty span', { ...append, spans: [{ epoch: 1, baseOffset: 3, endOffset: 3 }] }],
  ['epochs that fall', { ...append, previous: { endOffset: 3, epoch: 2 } }],
  ['entries of an epoch that has not begun', { ...append, epoch: 3 }],
  ['an offset beyond exact numbers', { ...append, spans: [{ epoch: 1, baseOffset: 3, endOffset: 2 ** 53 }] }],
  ['a round below 0', { ...append, round: -1 }],
  ['a high watermark below 0', { ...append, highWatermark: -1 }],
  ['a log of a later epoch', { type: 'attach', epoch: 0, replica, log }],
]

describe('a credible message', () => {
  it.each(good.map((message): [string, RaftMessage] => [message.type, message]))('%s', (_type, message) => {
    expect(isCredible(1, 2, message)).toBe(true)
  })

  it.each(
    good
      .filter(({ type }) => type !== 'leader-hint')
      .map((message): [string, RaftMessage] => [message.type, message]),
  )('names its sender: %s', (_type, message) => {
    expect(isCredible(1, 3, message)).toBe(false)
  })

  it('does not come from the node itself', () => {
    for (const message of good) expect(isCredible(2, 2, message)).toBe(false)
  })

  it.each(bad)('has not %s', (_what, message) => {
    expect(isCredible(1, 2, message)).toBe(false)
  })

  it('or else changes nothing, and throws nothing', () => {
    const host = new RaftHost(
      { id: 1, directoryId: 'd1' },
      [1, 2, 3].map((id) => ({ id, directoryId: `d${id}`, endpoints: [] })),
      emptyDisk(),
      { entriesPerRead: 1, chunkBytes: 100 },
      { send: () => expect.unreachable('an answer'), happened: () => {} },
    )
    host.start()
    const before = JSON.stringify(host.machine.status)
    for (const [, message] of bad) host.tell({ type: 'message', from: 2, message })
    for (const message of good) {
      if (message.type !== 'leader-hint') host.tell({ type: 'message', from: 3, message })
    }
    expect(JSON.stringify(host.machine.status)).toBe(before)
  })
})
