/** Where a group is coordinated: Java's hash, and the leader of the partition. */
import { describe, expect, it } from 'vitest'
import { coordinatorPartition, javaHashCode } from '../../../src/coordination/groups/coordinator-partition.ts'
import { findCoordinator } from '../../../src/coordination/groups/describe/find-coordinator.ts'
import { cluster, withTopic } from '../metadata/support.ts'

describe('coordinatorPartition', () => {
  it.each([
    ['', 0],
    ['abc', 96_354],
    ['polygenelubricants', -2_147_483_648],
    ['größe', 98_762_257],
  ])('hashes "%s" as Java does', (text, hash) => {
    expect(javaHashCode(text)).toBe(hash)
  })

  it('is never negative', () => {
    expect(coordinatorPartition('polygenelubricants', 50)).toBe(0)
    expect(coordinatorPartition('', 50)).toBe(0)
    for (let n = 0; n < 1000; n++) {
      const partition = coordinatorPartition(`group-${n}`, 7)
      expect(partition >= 0 && partition < 7).toBe(true)
    }
  })
})

describe('FindCoordinator', () => {
  const view = { nodeId: 1, listenerName: 'PLAINTEXT', dialled: null }
  const image = withTopic(cluster(null, null), '__consumer_offsets', { assignments: [[1], [2]] })

  function find(kind: number, keys: string[], version = 6) {
    return findCoordinator(image, { key: keys[0] ?? '', keyType: kind, coordinatorKeys: keys }, version, view)
  }

  it('names the leader of each key', () => {
    // 'a' hashes to 97, 'b' to 98.
    expect(find(0, ['a', 'b']).coordinators).toMatchObject([
      { key: 'a', nodeId: 2, host: 'host-2', port: 9092, errorCode: 0, errorMessage: null },
      { key: 'b', nodeId: 1, host: 'host-1', errorCode: 0 },
    ])
  })

  it('answers one key in the old shape', () => {
    expect(find(0, ['a'], 3)).toEqual({
      throttleTimeMs: 0,
      nodeId: 2,
      host: 'host-2',
      port: 9092,
      errorCode: 0,
      errorMessage: null,
    })
  })

  it('sends clients to ask again while the topic is not there, and refuses what nobody knows', () => {
    expect(find(1, ['t']).coordinators?.[0]).toMatchObject({ errorCode: 15, nodeId: -1, host: '', port: -1 })
    expect(find(7, ['t']).coordinators?.[0]?.errorCode).toBe(42)
    expect(find(2, ['t']).coordinators?.[0]?.errorCode).toBe(42)
    expect(find(2, ['g:topic:0']).coordinators?.[0]?.errorCode).toBe(15)
  })

  it('says why a client may not ask', () => {
    const request = { key: '', keyType: 0, coordinatorKeys: ['a', 'b'] }
    const refusal = (key: string) => (key === 'a' ? 30 : 0)
    expect(
      findCoordinator(image, request, 6, view, refusal).coordinators?.map((one) => one.errorCode),
    ).toEqual([30, 0])
  })
})
