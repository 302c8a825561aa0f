import { describe, expect, it } from 'vitest'
import { FetchSessions } from '../../../src/broker/fetch/fetch-sessions.ts'
import { compile, encodeToBuffer } from '../../../src/protocol/codec/compile.ts'
import { errorCode } from '../../../src/protocol/errors.ts'
import { type FetchRequest, fetch } from '../../../src/protocol/messages/fetch.ts'
import type { Random } from '../../../src/runtime/random.ts'

const VERSION = 12

function request(
  sessionId: number,
  sessionEpoch: number,
  offsets: Record<number, number>,
  forgotten: number[] = [],
  currentLeaderEpoch = 0,
): FetchRequest {
  const partitions = Object.entries(offsets).map(([partition, offset]) => ({
    partition: Number(partition),
    currentLeaderEpoch,
    fetchOffset: BigInt(offset),
    partitionMaxBytes: 1_000,
  }))
  const bytes = encodeToBuffer(fetch.request, VERSION, {
    maxWaitMs: 0,
    minBytes: 0,
    isolationLevel: 0,
    sessionId,
    sessionEpoch,
    topics: partitions.length === 0 ? [] : [{ topic: 't', partitions }],
    forgottenTopicsData: forgotten.length === 0 ? [] : [{ topic: 't', partitions: forgotten }],
  })
  const decoded = compile(fetch.request, VERSION).decode(bytes)
  if (!decoded.ok) throw new Error(decoded.error.message)
  return decoded.value
}

function counting(): Random {
  let next = 0
  return { bytes: (size) => Buffer.alloc(size), below: () => ++next }
}

describe('FetchSessions (KIP-227)', () => {
  it('remembers what is wanted, changes it, and forgets what is named', () => {
    const sessions = new FetchSessions(counting(), () => 10)
    const first = sessions.open(request(0, 0, { 0: 5, 1: 6 }), VERSION, 0)
    expect(first).toMatchObject({ kind: 'full', session: { id: 1, epoch: 1 } })
    const second = sessions.open(request(1, 1, { 1: 9, 2: 1 }, [0]), VERSION, 1)
    if (second.kind !== 'incremental') return expect.unreachable(second.kind)
    expect(second.wanted.map(({ index, fetchOffset }) => [index, fetchOffset])).toEqual([
      [1, 9n],
      [2, 1n],
    ])
  })

  it('wants nothing of what a request names and forgets at once', () => {
    const sessions = new FetchSessions(counting(), () => 10)
    sessions.open(request(0, 0, { 0: 5, 1: 6 }), VERSION, 0)
    const second = sessions.open(request(1, 1, { 0: 9, 1: 7 }, [0]), VERSION, 1)
    if (second.kind !== 'incremental') return expect.unreachable(second.kind)
    expect(second.wanted.map(({ index }) => index)).toEqual([1])
    expect(second.named.map(({ index }) => index)).toEqual([1])
    expect(second.forgotten.map(({ index }) => index)).toEqual([0])
  })

  it('tells everything again under another leader epoch, and only then', () => {
    const sessions = new FetchSessions(counting(), () => 10)
    const first = sessions.open(request(0, 0, { 0: 5 }), VERSION, 0)
    const [wanted] = first.kind === 'full' ? first.wanted : []
    if (wanted === undefined) return expect.unreachable('nothing is wanted')
    wanted.lastHighWatermark = 9n
    wanted.lastLogStartOffset = 2n
    sessions.open(request(1, 1, { 0: 6 }), VERSION, 1)
    expect([wanted.lastHighWatermark, wanted.lastLogStartOffset]).toEqual([9n, 2n])
    sessions.open(request(1, 2, { 0: 6 }, [], 1), VERSION, 1)
    expect([wanted.lastHighWatermark, wanted.lastLogStartOffset]).toEqual([-1n, -1n])
  })

  it('refuses an unknown session with 70, a wrong epoch with 71, another way to name topics with 106', () => {
    const sessions = new FetchSessions(counting(), () => 10)
    sessions.open(request(0, 0, { 0: 5 }), VERSION, 0)
    const codeOf = (context: ReturnType<FetchSessions['open']>): number =>
      context.kind === 'error' ? context.errorCode : 0
    expect(codeOf(sessions.open(request(99, 1, {}), VERSION, 0))).toBe(errorCode.FETCH_SESSION_ID_NOT_FOUND)
    expect(codeOf(sessions.open(request(1, 7, {}), VERSION, 0))).toBe(errorCode.INVALID_FETCH_SESSION_EPOCH)
    expect(codeOf(sessions.open(request(1, 1, {}), 13, 0))).toBe(errorCode.FETCH_SESSION_TOPIC_ID_ERROR)
  })

  it('gives no session when the client wants none, and ends one that it closes', () => {
    const sessions = new FetchSessions(counting(), () => 10)
    expect(sessions.open(request(0, -1, { 0: 0 }), VERSION, 0)).toMatchObject({ kind: 'full', session: null })
    sessions.open(request(0, 0, { 0: 5 }), VERSION, 0)
    sessions.open(request(1, -1, {}), VERSION, 0)
    expect(sessions.size).toBe(0)
  })

  it('serves without a session when all places are in use, and gives idle ones away', () => {
    const sessions = new FetchSessions(counting(), () => 1)
    sessions.open(request(0, 0, { 0: 5 }), VERSION, 0)
    expect(sessions.open(request(0, 0, { 0: 5 }), VERSION, 1_000)).toMatchObject({
      kind: 'full',
      session: null,
    })
    expect(sessions.open(request(0, 0, { 0: 5 }), VERSION, 200_000)).toMatchObject({
      kind: 'full',
      session: { id: 2 },
    })
    expect(sessions.size).toBe(1)
  })

  it('serves last next time what got data this time', () => {
    const sessions = new FetchSessions(counting(), () => 10)
    const opened = sessions.open(request(0, 0, { 0: 1, 1: 1, 2: 1 }), VERSION, 0)
    if (opened.kind !== 'full' || opened.session === null) return expect.unreachable()
    const first = [...opened.session.wanted.values()][0]
    if (first !== undefined) sessions.answered(opened.session, first, true)
    expect([...opened.session.wanted.values()].map(({ index }) => index)).toEqual([1, 2, 0])
  })
})
