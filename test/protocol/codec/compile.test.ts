/** What codecs do at the edges of versions: defaults, dropped fields, nulls, tags. */
import { describe, expect, test } from 'vitest'
import { compile, encodeToBuffer } from '../../../src/protocol/codec/compile.ts'
import { createTopics } from '../../../src/protocol/messages/create-topics.ts'
import { fetch } from '../../../src/protocol/messages/fetch.ts'
import { metadata } from '../../../src/protocol/messages/metadata.ts'
import { offsetFetch } from '../../../src/protocol/messages/offset-fetch.ts'
import { array, int16, int32, int64, string, struct } from '../../../src/protocol/schema/field.ts'
import { message } from '../../../src/protocol/schema/message.ts'
import { consumerGroupMemberMetadataValue } from '../../../src/protocol/stored/groups/consumer-group.ts'
import { decodeVersioned, encodeVersioned } from '../../../src/protocol/stored/record-family.ts'
import { EncodeError } from '../../../src/protocol/wire-error.ts'

const example = message({
  name: 'Example',
  versions: [0, 3],
  flexibleSince: 2,
  fields: {
    always: int16(),
    kept: int32({ since: 1, default: -1 }),
    dropped: int64({ since: 1, default: -1n, ignorable: true }),
    name: string({ nullableSince: 2 }),
    late: string({ since: 3, tag: 4, default: 'none' }),
    inner: struct({ a: int32({ default: 5 }) }, { since: 2, tag: 1 }),
    list: array(struct({ n: int32() }), { since: 1, nullable: true, default: null }),
  },
})

describe('encoding', () => {
  test('what is left out has its default', () => {
    const bytes = encodeToBuffer(example, 3, { always: 1, name: 'x' })
    const decoded = compile(example, 3).decode(bytes)
    expect(decoded).toMatchObject({
      ok: true,
      value: { always: 1, kept: -1, dropped: -1n, name: 'x', late: 'none', inner: { a: 5 }, list: null },
    })
    // No tag is written: int16, int32, int64, one letter, null array, no tags.
    expect(bytes.length).toBe(2 + 4 + 8 + 2 + 1 + 1)
  })

  test('tagged fields are written in the order of their tags, with unknown ones between', () => {
    const unknown = [0, 2, 9].map((tag) => ({ tag, data: Buffer.from([tag]) }))
    const bytes = encodeToBuffer(example, 3, {
      always: 1,
      name: null,
      late: 'y',
      inner: { a: 6 },
      _unknownTaggedFields: unknown,
    })
    const tags = bytes.subarray(2 + 4 + 8 + 1 + 1)
    expect(tags.toString('hex')).toBe('05000100' + '01050000000600' + '020102' + '04020279' + '090109')
    const decoded = compile(example, 3).decode(bytes)
    expect(decoded).toMatchObject({
      ok: true,
      value: { late: 'y', inner: { a: 6 }, _unknownTaggedFields: unknown },
    })
  })

  test('unknown tagged fields out of order or of a known tag are refused', () => {
    const data = Buffer.alloc(1)
    const write = (tags: readonly number[]) =>
      encodeToBuffer(example, 3, {
        always: 1,
        name: '',
        _unknownTaggedFields: tags.map((tag) => ({ tag, data })),
      })
    expect(() => write([7, 6])).toThrow(EncodeError)
    expect(() => write([4])).toThrow(EncodeError)
    expect(() => write([1])).toThrow(EncodeError)
  })

  test('a value that an older version lacks is dropped when it may be, else refused', () => {
    expect(encodeToBuffer(example, 0, { always: 1, name: '', dropped: 7n }).length).toBe(4)
    expect(encodeToBuffer(example, 0, { always: 1, name: '', kept: -1, list: null }).length).toBe(4)
    expect(() => encodeToBuffer(example, 0, { always: 1, name: '', kept: 0 })).toThrow(
      /version 0 has no kept/,
    )
    expect(() => encodeToBuffer(example, 0, { always: 1, name: '', list: [] })).toThrow(EncodeError)
    expect(() => encodeToBuffer(example, 1, { always: 1, name: '', inner: { a: 6 } })).toThrow(EncodeError)
    expect(() => encodeToBuffer(example, 2, { always: 1, name: '', late: 'y' })).toThrow(EncodeError)
    expect(() =>
      encodeToBuffer(offsetFetch.request, 7, { groupId: 'g', requireStable: true, topics: null }),
    ).not.toThrow()
  })

  test('null is refused where the version does not allow it', () => {
    expect(() => encodeToBuffer(example, 1, { always: 1, name: null })).toThrow(/name must not be null/)
    expect(encodeToBuffer(example, 2, { always: 1, name: null }).length).toBeGreaterThan(0)
    expect(() => encodeToBuffer(metadata.request, 0, { topics: null })).toThrow(EncodeError)
  })

  test('a version that does not exist is a bug', () => {
    expect(() => compile(fetch.request, 3)).toThrow(EncodeError)
    expect(() => compile(fetch.request, 19)).toThrow(EncodeError)
  })
})

test('null of a tagged struct is written as a running Kafka writes it', () => {
  // The value of a member of a consumer group, from the __consumer_offsets of Kafka 4.3.1.
  const hex =
    '0000000012636f6e73756d65722d6d6f6465726e2d330b2f3132372e302e302e310306706c61696e0474786e01000493e00001000100'
  const bytes = Buffer.from(hex, 'hex')
  const decoded = decodeVersioned(consumerGroupMemberMetadataValue, bytes)
  if (!decoded.ok) throw new Error(decoded.error.message)
  expect(decoded.value).toMatchObject({ subscribedTopicNames: ['plain', 'txn'], classicMemberMetadata: null })
  expect(encodeVersioned(consumerGroupMemberMetadataValue, decoded.value).equals(bytes)).toBe(true)
  const { classicMemberMetadata: _, ...without } = decoded.value
  const written = decodeVersioned(
    consumerGroupMemberMetadataValue,
    encodeVersioned(consumerGroupMemberMetadataValue, without),
  )
  expect(written).toMatchObject({ ok: true, value: { classicMemberMetadata: { sessionTimeoutMs: 0 } } })
})

describe('decoding', () => {
  const reasonOf = (version: number, hex: string) => {
    const decoded = compile(example, version).decode(Buffer.from(hex, 'hex'))
    return decoded.ok ? null : decoded.error.reason
  }

  test('null where the version does not allow it is an error', () => {
    expect(reasonOf(0, '0001ffff')).toBe('null')
    expect(reasonOf(2, '0001000000010000000000000001000000')).toBe(null)
  })

  test('a known tag of a later version is an error, an unknown one is kept', () => {
    expect(reasonOf(2, `0001${'00'.repeat(12)}0100${'01040100'}`)).toBe('tag')
    expect(reasonOf(2, `0001${'00'.repeat(12)}0100${'01070100'}`)).toBe(null)
  })

  test('tags twice, or of another size than they say, are errors', () => {
    const start = `0001${'00'.repeat(12)}0100`
    expect(reasonOf(2, `${start}02070100070100`)).toBe('tag')
    expect(reasonOf(2, `${start}0101050000000600`)).toBe(null)
    expect(reasonOf(2, `${start}010106000000060000`)).toBe('tag')
  })

  test('unknown tags in another order than theirs are put in order', () => {
    const decoded = compile(example, 2).decode(Buffer.from(`0001${'00'.repeat(12)}010002090109070107`, 'hex'))
    expect(decoded).toMatchObject({ ok: true, value: { _unknownTaggedFields: [{ tag: 7 }, { tag: 9 }] } })
  })

  test('bytes and text have memory of their own, records do not', () => {
    const received = encodeToBuffer(createTopics.request, 7, {
      topics: [{ name: 'a', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
      timeoutMs: 1,
      validateOnly: false,
    })
    const decoded = compile(createTopics.request, 7).decode(received)
    received.fill(0)
    expect(decoded).toMatchObject({ ok: true, value: { topics: [{ name: 'a' }] } })
  })
})
