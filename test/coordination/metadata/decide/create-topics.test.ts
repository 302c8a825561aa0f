/** CreateTopics: codes and texts as a running Kafka gave them, placement, defaults, the settings in the answer. */
import { describe, expect, it } from 'vitest'
import { decideCreateTopics } from '../../../../src/coordination/metadata/decide/create-topics.ts'
import { topicByName } from '../../../../src/coordination/metadata/image.ts'
import { applied, cluster, creation, requestedTopic, uuid, withTopic } from '../support.ts'

type Options = Parameters<typeof requestedTopic>[1]

function refusal(name: string, options: Options = {}) {
  const image = withTopic(withTopic(cluster(null), 'plain'), 'a.b')
  const { reply, records } = creation(image, [requestedTopic(name, options)])
  expect(records).toEqual([])
  const [topic] = reply.topics
  expect(topic).toMatchObject({
    name,
    topicId: uuid(0),
    numPartitions: -1,
    replicationFactor: -1,
    configs: [],
  })
  return [topic?.errorCode, topic?.errorMessage]
}

const long = 'x'.repeat(250)

describe('CreateTopics', () => {
  it.each([
    ['plain', 36, "Topic 'plain' already exists."],
    ['', 17, 'Topic name is invalid: the empty string is not allowed'],
    ['.', 17, "Topic name is invalid: '.' is not allowed"],
    ['..', 17, "Topic name is invalid: '..' is not allowed"],
    [long, 17, `Topic name is invalid: the length of '${long}' is longer than the max allowed length 249`],
    [
      'bad name!',
      17,
      "Topic name is invalid: 'bad name!' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
    ],
    ['../etc', 17, expect.stringContaining('contains one or more characters')],
    ['a_b', 17, "Topic 'a_b' collides with existing topic: a.b"],
    ['__cluster_metadata', 42, 'Creation of internal topic __cluster_metadata is prohibited.'],
  ])('observed 22: the name %s', (name, code, text) => {
    expect(refusal(name)).toEqual([code, text])
  })

  it.each<[string, Options, number, string]>([
    [
      'too many replicas',
      { factor: 9 },
      38,
      'Unable to replicate the partition 9 time(s): The target replication factor of 9 cannot be reached because only 1 broker(s) are registered or some brokers have all their log directories cordoned.',
    ],
    [
      'no partitions',
      { partitions: 0 },
      37,
      'Number of partitions was set to an invalid non-positive value.',
    ],
    [
      'less than none',
      { partitions: -2 },
      37,
      'Number of partitions was set to an invalid non-positive value.',
    ],
    [
      'no replicas',
      { factor: 0 },
      38,
      'Replication factor must be larger than 0, or -1 to use the default value.',
    ],
    ['an unknown setting', { configs: { x: '1' } }, 40, 'Unknown topic config name: x'],
    [
      'a wrong setting',
      { configs: { 'retention.ms': 'abc' } },
      40,
      'Invalid value abc for configuration retention.ms: Not a number of type LONG',
    ],
    [
      'a null setting',
      { configs: { 'retention.ms': null } },
      40,
      'Null value not supported for topic configs: retention.ms',
    ],
    ['too many', { partitions: 100_000 }, 44, 'Excessively large number of partitions per request.'],
    [
      'the same broker twice',
      { assignments: [[1, 1]] },
      39,
      'The manual partition assignment includes the broker 1 more than once.',
    ],
    ['nobody', { assignments: [[]] }, 39, 'The manual partition assignment includes an empty replica list.'],
    [
      'a stranger',
      { assignments: [[7]] },
      39,
      'The manual partition assignment includes broker 7, but no such broker is registered.',
    ],
    [
      'both ways of placing',
      { assignments: [[1]], factor: 1 },
      42,
      'A manual partition assignment was specified, but replication factor was not set to -1.',
    ],
    [
      'both ways of counting',
      { assignments: [[1]], partitions: 5 },
      42,
      'A manual partition assignment was specified, but numPartitions was not set to -1.',
    ],
  ])('observed 21, 22: %s', (_, options, code, text) => {
    expect(refusal('t', options)).toEqual([code, text])
  })

  it('wants manual partitions numbered from 0 and each once', () => {
    const topic = requestedTopic('t', { assignments: [[1]] })
    const assigned = (...indexes: number[]) => ({
      ...topic,
      assignments: indexes.map((partitionIndex) => ({ partitionIndex, brokerIds: [1] })),
    })
    const messages = [assigned(1), assigned(0, 0)].map(
      (wanted) => creation(cluster(null), [wanted]).reply.topics[0]?.errorMessage,
    )
    expect(messages).toEqual([
      'partitions should be a consecutive 0-based integer sequence',
      'Found multiple manual partition assignments for partition 0',
    ])
  })

  it('answers a name that stands twice in the request once, with 42', () => {
    const { reply, records } = creation(cluster(null), [requestedTopic('dup'), requestedTopic('dup')])
    expect(records).toEqual([])
    expect(reply.topics.map((topic) => [topic.errorCode, topic.errorMessage])).toEqual([
      [42, 'Duplicate topic name.'],
    ])
  })

  it('refuses two names of one request that would collide', () => {
    const { reply } = creation(cluster(null), [requestedTopic('x.y'), requestedTopic('x_y')])
    expect(reply.topics.map((topic) => topic.errorCode)).toEqual([0, 17])
  })

  it('observed 7: takes the defaults of the broker for -1 and tells what was made', () => {
    const statics = new Map([['num.partitions', '4']])
    const image = cluster(null)
    const request = {
      topics: [requestedTopic('t', { partitions: -1, factor: -1, configs: { 'retention.ms': '77' } })],
      timeoutMs: 1000,
      validateOnly: false,
    }
    const { reply, records } = decideCreateTopics(image, request, { nodeId: 1, statics, topicIds: [uuid(9)] })
    const [topic] = reply.topics
    expect(topic).toMatchObject({
      topicId: uuid(9),
      errorCode: 0,
      errorMessage: null,
      numPartitions: 4,
      replicationFactor: 1,
    })
    expect(topic?.configs).toHaveLength(33)
    expect(topic?.configs?.find(({ name }) => name === 'retention.ms')).toEqual({
      name: 'retention.ms',
      value: '77',
      readOnly: false,
      configSource: 1,
      isSensitive: false,
    })
    const made = topicByName(applied(image, records), 't')
    expect(
      [...(made?.partitions.values() ?? [])].map(({ leader, isr, leaderEpoch, directories }) => [
        leader,
        isr,
        leaderEpoch,
        directories,
      ]),
    ).toEqual(Array(4).fill([1, [1], 0, [uuid(1001)]]))
  })

  it('changes nothing when it only validates', () => {
    const { reply, records } = creation(cluster(null), [requestedTopic('t')], true)
    expect(reply.topics[0]?.errorCode).toBe(0)
    expect(records).toEqual([])
  })

  it('creates what can be created beside what cannot', () => {
    const image = cluster(null)
    const { reply, records } = creation(image, [requestedTopic('bad name!'), requestedTopic('good')])
    expect(reply.topics.map(({ errorCode }) => errorCode)).toEqual([17, 0])
    expect([...applied(image, records).topicIds.keys()]).toEqual(['good'])
  })
})
