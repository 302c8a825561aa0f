import { describe, expect, it } from 'vitest'
import { murmur2, partitionOfKey } from '../../src/client/partitioner.ts'
import { assignRanges } from '../../src/client/range-assignor.ts'
import { decodeRecordSet } from '../../src/client/record-set.ts'
import { buildBatch } from '../../src/protocol/records/builder.ts'

describe('murmur2', () => {
  // Values that the Java client's own tests hold.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('hashes %s as the Java client does', (text, hash) => {
    expect(murmur2(Buffer.from(text))).toBe(hash)
  })

  it('keeps partitions in range', () => {
    for (let index = 0; index < 1_000; index++)
      expect(partitionOfKey(Buffer.from(`key-${index}`), 7)).toBeLessThan(7)
  })
})

describe('assignRanges', () => {
  it('gives neighbours to members in the order of their ids, the first ones one more', () => {
    const members = ['c', 'a', 'b'].map((memberId) => ({ memberId, topics: ['t'] }))
    const shares = assignRanges(members, new Map([['t', 7]]))
    expect([...shares].map(([memberId, share]) => [memberId, share.get('t')])).toEqual([
      ['c', [5, 6]],
      ['a', [0, 1, 2]],
      ['b', [3, 4]],
    ])
  })

  it('leaves members out that do not want a topic, or for whom nothing is left', () => {
    const members = [
      { memberId: 'a', topics: ['t'] },
      { memberId: 'b', topics: ['u'] },
      { memberId: 'c', topics: ['t', 'u'] },
    ]
    const shares = assignRanges(
      members,
      new Map([
        ['t', 1],
        ['u', 2],
      ]),
    )
    expect(shares.get('a')?.get('t')).toEqual([0])
    expect(shares.get('c')?.get('t')).toBeUndefined()
    expect(shares.get('b')?.get('u')).toEqual([0])
    expect(shares.get('c')?.get('u')).toEqual([1])
  })
})

describe('decodeRecordSet', () => {
  const record = (text: string) => ({ key: null, value: Buffer.from(text), timestampMs: 5 })
  const first = buildBatch([record('a'), record('b')], { baseOffset: 10 })
  const second = buildBatch([record('c')], { baseOffset: 12, compression: 'gzip' })

  it('skips what is below the offset and leaves a cut batch for the next fetch', () => {
    const { records, nextOffset } = decodeRecordSet(
      Buffer.concat([first, second, second.subarray(0, 70)]),
      11,
    )
    expect(records.map(({ offset, value }) => [offset, value?.toString()])).toEqual([
      [11, 'b'],
      [12, 'c'],
    ])
    expect(nextOffset).toBe(13)
  })

  it('refuses a batch whose checksum is wrong', () => {
    const damaged = Buffer.from(first)
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1
    expect(() => decodeRecordSet(damaged, 10)).toThrow('checksum')
  })

  it('leaves out what an aborted transaction wrote, until its marker', () => {
    const transactional = { producerId: 7n, producerEpoch: 0, baseSequence: 0, isTransactional: true }
    const aborted = buildBatch([record('no')], { ...transactional, baseOffset: 0 })
    const marker = buildBatch([{ key: Buffer.from([0, 0, 0, 0]), value: Buffer.alloc(6), timestampMs: 5 }], {
      ...transactional,
      baseOffset: 1,
      isControl: true,
    })
    const kept = buildBatch([record('yes')], { ...transactional, baseOffset: 2 })
    const { records, nextOffset } = decodeRecordSet(Buffer.concat([aborted, marker, kept]), 0, [
      { producerId: 7n, firstOffset: 0n },
    ])
    expect(records.map(({ value }) => value?.toString())).toEqual(['yes'])
    expect(nextOffset).toBe(3)
  })
})
