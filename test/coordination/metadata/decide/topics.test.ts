/** DeleteTopics and CreatePartitions, with the codes and texts of a running Kafka. */
import { describe, expect, it } from 'vitest'
import { decideAlterPartitionReassignments } from '../../../../src/coordination/metadata/decide/alter-partition-reassignments.ts'
import { decideCreatePartitions } from '../../../../src/coordination/metadata/decide/create-partitions.ts'
import { decideDeleteTopics } from '../../../../src/coordination/metadata/decide/delete-topics.ts'
import { type MetadataImage, topicByName } from '../../../../src/coordination/metadata/image.ts'
import { applied, cluster, node, uuid, withTopic } from '../support.ts'

const zero = uuid(0)

function deletion(image: MetadataImage, topics: readonly { name: string | null; topicId: string }[]) {
  return decideDeleteTopics(image, { topics, topicNames: [], timeoutMs: 1000 }, node)
}

describe('DeleteTopics', () => {
  const image = withTopic(withTopic(cluster(null), 'a.b'), 'dflt')
  const idOf = (name: string) => topicByName(image, name)?.id ?? ''

  it('observed 22: by name and by id, each alone', () => {
    const { reply, records } = deletion(image, [
      { name: 'absent', topicId: zero },
      { name: null, topicId: uuid(77) },
      { name: null, topicId: idOf('a.b') },
      { name: 'dflt', topicId: idOf('dflt') },
      { name: null, topicId: zero },
      { name: 'bad name!', topicId: zero },
    ])
    expect(reply.responses.map((topic) => [topic.name, topic.errorCode, topic.errorMessage])).toEqual([
      ['absent', 3, 'This server does not host this topic-partition.'],
      [null, 100, 'This server does not host this topic ID.'],
      ['a.b', 0, null],
      ['dflt', 42, 'You may not specify both topic name and topic id.'],
      [null, 42, 'Neither topic name nor id were specified.'],
      ['bad name!', 3, 'This server does not host this topic-partition.'],
    ])
    expect([...applied(image, records).topicIds.keys()]).toEqual(['dflt'])
  })

  it('takes the names of old versions', () => {
    const request = { topics: [], topicNames: ['dflt', 'absent'], timeoutMs: 1000 }
    const { reply, records } = decideDeleteTopics(image, request, node)
    expect(reply.responses.map(({ name, errorCode }) => [name, errorCode])).toEqual([
      ['dflt', 0],
      ['absent', 3],
    ])
    expect(records).toHaveLength(1)
  })

  it('answers what stands twice once, with 42', () => {
    const twice = deletion(image, [
      { name: 'dflt', topicId: zero },
      { name: 'dflt', topicId: zero },
      { name: null, topicId: idOf('a.b') },
      { name: null, topicId: idOf('a.b') },
    ])
    expect(twice.records).toEqual([])
    expect(twice.reply.responses.map(({ errorMessage }) => errorMessage)).toEqual([
      'Duplicate topic name.',
      'Duplicate topic id.',
    ])
    const byBoth = deletion(image, [
      { name: 'dflt', topicId: zero },
      { name: null, topicId: idOf('dflt') },
    ])
    expect(byBoth.reply.responses.map(({ errorCode }) => errorCode)).toEqual([0, 42])
    expect(byBoth.records).toHaveLength(1)
  })

  it('deletes nothing where deletion is off', () => {
    const statics = new Map([['delete.topic.enable', 'false']])
    const request = { topics: [{ name: 'dflt', topicId: zero }], topicNames: [], timeoutMs: 1000 }
    const { reply, records } = decideDeleteTopics(image, request, { nodeId: 1, statics })
    expect(records).toEqual([])
    expect(reply.responses[0]?.errorCode).toBe(73)
  })
})

describe('CreatePartitions', () => {
  const image = withTopic(cluster(null, null, null), 'plain', { partitions: 3, factor: 2 })

  function growth(
    count: number,
    assignments: readonly (readonly number[])[] | null = null,
    name = 'plain',
    validateOnly = false,
  ) {
    const lists = assignments?.map((brokerIds) => ({ brokerIds })) ?? null
    const request = { topics: [{ name, count, assignments: lists }], timeoutMs: 1000, validateOnly }
    return decideCreatePartitions(image, request)
  }

  it.each([
    [2, null, 37, 'The topic plain currently has 3 partition(s); 2 would not be an increase.'],
    [0, null, 37, 'The topic plain currently has 3 partition(s); 0 would not be an increase.'],
    [3, null, 37, 'Topic already has 3 partition(s).'],
    [5, [[1, 2]], 39, 'Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified.'],
    [4, [[9, 1]], 39, 'The manual partition assignment includes broker 9, but no such broker is registered.'],
    [4, [[]], 39, 'The manual partition assignment includes an empty replica list.'],
    [4, [[1, 1]], 39, 'The manual partition assignment includes the broker 1 more than once.'],
    [4, [], 39, 'Attempted to add 1 additional partition(s), but only 0 assignment(s) were specified.'],
    [20_000, null, 44, 'Excessively large number of partitions per request.'],
  ])('observed 21: to %i with %j', (count, assignments, code, text) => {
    const { reply, records } = growth(count, assignments)
    expect(records).toEqual([])
    expect(reply.results).toEqual([{ name: 'plain', errorCode: code, errorMessage: text }])
  })

  it('wants as many replicas as the topic has', () => {
    expect(growth(4, [[1]]).reply.results[0]?.errorCode).toBe(39)
  })

  it('says 3 of an absent topic, and 42 once of a name that stands twice', () => {
    expect(growth(4, null, 'absent').reply.results[0]?.errorCode).toBe(3)
    const twice = { name: 'plain', count: 5, assignments: null }
    const request = { topics: [twice, twice], timeoutMs: 1000, validateOnly: false }
    const { reply, records } = decideCreatePartitions(image, request)
    expect(records).toEqual([])
    expect(reply.results).toEqual([{ name: 'plain', errorCode: 42, errorMessage: 'Duplicate topic name.' }])
  })

  it('adds partitions with the replicas of the first, or as placed', () => {
    const grown = topicByName(applied(image, growth(6).records), 'plain')
    expect([...(grown?.partitions.values() ?? [])].map(({ replicas }) => replicas.length)).toEqual(
      Array(6).fill(2),
    )
    const placed = topicByName(applied(image, growth(4, [[3, 1]]).records), 'plain')
    expect(placed?.partitions.get(3)).toMatchObject({ replicas: [3, 1], leader: 3, leaderEpoch: 0 })
    expect(growth(6, null, 'plain', true)).toMatchObject({
      records: [],
      reply: { results: [{ errorCode: 0 }] },
    })
  })

  it('adds partitions with the replicas that the first shall have, while it moves', () => {
    const topics = [{ name: 'plain', partitions: [{ partitionIndex: 0, replicas: [1, 3] }] }]
    const asked = { timeoutMs: 1000, allowReplicationFactorChange: true, topics }
    const still = withTopic(cluster(null, null, null), 'plain', { assignments: [[1, 2]] })
    const moving = applied(still, decideAlterPartitionReassignments(still, asked, node).records)
    expect(topicByName(moving, 'plain')?.partitions.get(0)?.replicas).toEqual([1, 3, 2])
    const request = { topics: [{ name: 'plain', count: 2, assignments: null }], timeoutMs: 1000 }
    const { records } = decideCreatePartitions(moving, { ...request, validateOnly: false })
    expect(topicByName(applied(moving, records), 'plain')?.partitions.get(1)?.replicas).toHaveLength(2)
  })
})
