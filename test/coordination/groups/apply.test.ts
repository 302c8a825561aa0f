/** The coordinator's state from its log: what survives, transactions, tombstones, records of newer groups. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { applyRecord, applyTransactionEnd } from '../../../src/coordination/groups/apply.ts'
import { decide } from '../../../src/coordination/groups/decide.ts'
import { fetchOffsets } from '../../../src/coordination/groups/describe/offset-fetch.ts'
import type { GroupRecord } from '../../../src/coordination/groups/record.ts'
import { storedValueVersion } from '../../../src/coordination/groups/record.ts'
import { committedOffset, emptyGroups, type GroupsState } from '../../../src/coordination/groups/state.ts'
import { decodeGroupRecord, encodeGroupRecord } from '../../../src/protocol/stored/groups.ts'
import { StoryHost } from './story-host.ts'

const NO_ID = 'AAAAAAAAAAAAAAAAAAAAAA'

function offset(value: bigint | null, group = 'g', partition = 0): GroupRecord {
  const key = { group, topic: 'orders', partition }
  if (value === null) return { type: 'OffsetCommit', key, value: null }
  const body = {
    offset: value,
    leaderEpoch: 3,
    metadata: 'm',
    commitTimestamp: 7n,
    expireTimestamp: -1n,
    topicId: NO_ID,
  }
  return { type: 'OffsetCommit', key, value: body }
}

function replay(writes: readonly (readonly [GroupRecord, bigint])[], from: GroupsState = emptyGroups) {
  let state = from
  for (const [index, [record, producerId]] of writes.entries()) {
    state = applyRecord(state, record, { offset: BigInt(index), producerId }).state
  }
  return state
}

function committed(state: GroupsState, partition = 0) {
  return committedOffset(state, 'g', 'orders', partition)?.offset
}

const context = new StoryHost({ decided() {}, replied() {}, rang() {}, lost() {} }).context

describe('offsets', () => {
  it('make the group that they belong to', () => {
    const state = replay([[offset(5n), -1n]])
    expect(committed(state)).toBe(5n)
    expect(state.groups.get('g')).toMatchObject({ phase: 'Empty', protocolType: null, generation: 0 })
    const gone = replay([[offset(null), -1n]], state)
    expect(gone.offsets.size).toBe(0)
    expect(gone.groups.has('g')).toBe(true)
  })

  it('of old logs count as well', () => {
    const record: GroupRecord = {
      type: 'LegacyOffsetCommit',
      key: { group: 'g', topic: 'orders', partition: 0 },
      value: { offset: 4n, metadata: '', commitTimestamp: 1n },
    }
    expect(committed(replay([[record, -1n]]))).toBe(4n)
    expect(committed(replay([[{ ...record, value: null }, -1n]], replay([[record, -1n]])))).toBeUndefined()
  })
})

describe('offsets of transactions (trap 18)', () => {
  it('count when the transaction commits, and never when it aborts', () => {
    const open = replay([
      [offset(5n), -1n],
      [offset(9n), 1000n],
    ])
    expect(committed(open)).toBe(5n)
    expect(committed(applyTransactionEnd(open, 1000n, true))).toBe(9n)
    expect(committed(applyTransactionEnd(open, 1000n, false))).toBe(5n)
    expect(applyTransactionEnd(open, 2000n, true)).toBe(open)
  })

  it('trap 19: the later in the log counts, whoever ends last', () => {
    const state = replay([
      [offset(9n), 1000n],
      [offset(5n), -1n],
    ])
    expect(committed(applyTransactionEnd(state, 1000n, true))).toBe(5n)
  })

  it('are unstable for those who ask, and keep their group alive', () => {
    const open = replay([
      [offset(5n), -1n],
      [offset(9n), 1000n],
    ])
    const topics = [{ name: 'orders', topicId: NO_ID, partitionIndexes: [0, 1] }]
    const ask = (stable: boolean) =>
      fetchOffsets(open, { groupId: 'g', topics }, stable, 9, context.topics).topics?.[0]?.partitions
    expect(ask(true)?.map((part) => [part.committedOffset, part.errorCode])).toEqual([
      [-1n, 88],
      [-1n, 0],
    ])
    expect(ask(false)?.[0]?.committedOffset).toBe(5n)
    const deletion = decide(
      open,
      { type: 'delete-groups', token: 1, apiVersion: 2, groupIds: ['g'] },
      context,
    )
    expect(deletion.records).toEqual([])
    const late = { ...context, nowMs: 1e15 }
    expect(decide(open, { type: 'expire-offsets' }, late).records).toEqual([])
    const done = applyTransactionEnd(open, 1000n, true)
    expect(decide(done, { type: 'expire-offsets' }, late).records).toHaveLength(2)
  })
})

describe('groups of newer protocols', () => {
  const metadata: GroupRecord = {
    type: 'ConsumerGroupMetadata',
    key: { groupId: 'modern' },
    value: { epoch: 2, metadataHash: 1n },
  }

  it('are told and left alone, their offsets are served', () => {
    const outcome = applyRecord(emptyGroups, metadata, { offset: 0n, producerId: -1n })
    expect(outcome.notice).toEqual({ kind: 'foreign-group', recordType: 'ConsumerGroupMetadata' })
    const state = replay([[offset(5n, 'modern'), -1n]], outcome.state)
    expect(state.groups.size).toBe(0)
    expect(committedOffset(state, 'modern', 'orders', 0)?.offset).toBe(5n)
    const gone = replay([[{ ...metadata, value: null }, -1n]], state)
    expect(gone.foreign.size).toBe(0)
  })

  it('take no classic members and no commits', () => {
    const state = replay([[metadata, -1n]])
    const join = decide(
      state,
      {
        type: 'join-group',
        token: 1,
        apiVersion: 9,
        clientId: 'c',
        clientHost: '/h',
        newMemberUuid: 'u',
        request: {
          groupId: 'modern',
          sessionTimeoutMs: 10_000,
          rebalanceTimeoutMs: 10_000,
          memberId: '',
          groupInstanceId: null,
          protocolType: 'consumer',
          protocols: [{ name: 'range', metadata: Buffer.alloc(0) }],
          reason: null,
        },
      },
      context,
    )
    expect(join.replies[0]?.body).toMatchObject({ errorCode: 23 })
  })
})

describe('record versions', () => {
  it('keep what each record has to keep', () => {
    const plain = offset(5n)
    if (plain.type !== 'OffsetCommit' || plain.value === null) throw new Error('no offset')
    const expiring: GroupRecord = { ...plain, value: { ...plain.value, expireTimestamp: 99n } }
    expect([storedValueVersion(plain), storedValueVersion(expiring)]).toEqual([4, 1])
    const { key, value } = encodeGroupRecord(expiring, storedValueVersion(expiring))
    const read = decodeGroupRecord(key, value)
    expect(read.ok && read.value.type === 'OffsetCommit' && read.value.value?.expireTimestamp).toBe(99n)
  })
})

describe('every stored record of Kafka', () => {
  it('is applied, or told of, and never in the way', () => {
    const file = join(import.meta.dirname, '../../golden/stored.jsonl.gz')
    const vectors = gunzipSync(readFileSync(file))
      .toString()
      .trim()
      .split('\n')
      .map((line): { api: string; kind: string; hex: string } => JSON.parse(line))
    const keys = vectors.filter(({ kind }) => kind === 'group-key')
    const values = vectors.filter(({ kind }) => kind === 'group-value')
    let state = emptyGroups
    let records = 0
    for (const key of keys) {
      const own = values.filter(({ api }) => api === key.api.replace(/Key$/, 'Value'))
      for (const value of [...own.map(({ hex }) => Buffer.from(hex, 'hex')), null]) {
        const read = decodeGroupRecord(Buffer.from(key.hex, 'hex'), value)
        if (!read.ok) throw new Error(`${key.api}: ${JSON.stringify(read.error)}`)
        state = applyRecord(state, read.value, { offset: BigInt(records), producerId: -1n }).state
        records++
      }
    }
    expect(records).toBeGreaterThan(500)
    // Every key ended in a tombstone: nothing is left but groups that offsets made.
    expect([state.offsets.size, state.foreign.size]).toEqual([0, 0])
    expect([...state.groups.values()].every(({ members }) => members.size === 0)).toBe(true)
  })
})
