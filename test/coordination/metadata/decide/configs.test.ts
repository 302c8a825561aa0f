/** AlterConfigs and IncrementalAlterConfigs on every kind of resource, with the codes and texts of a running Kafka. */
import { describe, expect, it } from 'vitest'
import { decideAlterConfigs } from '../../../../src/coordination/metadata/decide/alter-configs.ts'
import { decideIncrementalAlterConfigs } from '../../../../src/coordination/metadata/decide/incremental-alter-configs.ts'
import { configsOf, type MetadataImage } from '../../../../src/coordination/metadata/image.ts'
import { applied, cluster, node, withoutEligible, withTopic } from '../support.ts'

const TOPIC = 2
const BROKER = 4
const image = withTopic(withTopic(cluster(null, null), 'plain'), 'other')

type Operation = [string, number, string | null]

function incremental(type: number, name: string, operations: Operation[], on: MetadataImage = image) {
  const configs = operations.map(([key, configOperation, value]) => ({ name: key, configOperation, value }))
  const resources = [{ resourceType: type, resourceName: name, configs }]
  return decideIncrementalAlterConfigs(on, { resources, validateOnly: false }, node)
}

function outcome(type: number, name: string, operations: Operation[], on: MetadataImage = image) {
  const { reply } = incremental(type, name, operations, on)
  return [reply.responses[0]?.errorCode, reply.responses[0]?.errorMessage]
}

function altered(type: number, name: string, operations: Operation[], on: MetadataImage = image) {
  const decision = incremental(type, name, operations, on)
  expect(decision.reply.responses[0]).toMatchObject({ errorCode: 0, errorMessage: null })
  return applied(on, decision.records)
}

describe('IncrementalAlterConfigs', () => {
  it.each<[number, string, Operation[], number, string | null]>([
    [
      TOPIC,
      'plain',
      [['retention.ms', 0, 'not a number']],
      40,
      'Invalid value not a number for configuration retention.ms: Not a number of type LONG',
    ],
    [TOPIC, 'plain', [['nope', 0, '1']], 40, 'Unknown topic config name: nope'],
    [TOPIC, 'absent', [['retention.ms', 0, '1']], 3, "The topic 'absent' does not exist."],
    [TOPIC, '', [['retention.ms', 0, '1']], 42, 'Default topic resources are not allowed.'],
    [TOPIC, 'bad name!', [['retention.ms', 0, '1']], 17, expect.stringContaining('Topic name is invalid')],
    [
      TOPIC,
      'plain',
      [
        ['retention.ms', 0, '1'],
        ['retention.ms', 0, '2'],
      ],
      42,
      'Error due to duplicate config keys',
    ],
    [
      TOPIC,
      'plain',
      [['retention.ms', 2, '1']],
      40,
      "Can't APPEND to key retention.ms because its type is not LIST.",
    ],
    [TOPIC, 'plain', [['retention.ms', 0, null]], 42, 'Null value not supported for : retention.ms'],
    [BROKER, '1', [['node.id', 0, '3']], 42, 'Cannot update these configs dynamically: [node.id]'],
    [BROKER, '9', [['num.io.threads', 0, '9']], 42, 'Unexpected broker id, expected 1, but received 9'],
    [BROKER, 'abc', [['num.io.threads', 0, '9']], 42, 'Node id must be an integer, but it is: abc'],
    [32, '', [['consumer.session.timeout.ms', 0, '50000']], 42, 'Default group resources are not allowed.'],
    [32, 'g', [['nope', 0, '1']], 40, 'Unknown group config name: nope'],
    [16, '', [['interval.ms', 0, '60000']], 42, "Subscription name can't be empty"],
    [16, 'cm', [['nope', 0, '1']], 42, 'Unknown client metrics configuration: nope'],
    [0, '1', [['x', 0, '1']], 42, 'Unknown resource type 0'],
    [99, '1', [['x', 0, '1']], 42, 'Unknown resource type 99'],
  ])('observed 21: type %i, %s, %j', (type, name, operations, code, text) => {
    expect(incremental(type, name, operations).records).toEqual([])
    expect(outcome(type, name, operations)).toEqual([code, text])
  })

  it('observed 8: APPEND starts from what counts, SUBTRACT ends empty, DELETE returns to the default', () => {
    const policy = (of: MetadataImage) => configsOf(of, { type: TOPIC, name: 'plain' }).get('cleanup.policy')
    const appended = altered(TOPIC, 'plain', [['cleanup.policy', 2, 'compact']])
    expect(policy(appended)).toBe('delete,compact')
    expect(incremental(TOPIC, 'plain', [['cleanup.policy', 2, 'compact']], appended).records).toEqual([])
    const one = altered(TOPIC, 'plain', [['cleanup.policy', 3, 'delete']], appended)
    expect(policy(one)).toBe('compact')
    const none = altered(TOPIC, 'plain', [['cleanup.policy', 3, 'compact']], one)
    expect(policy(none)).toBe('')
    const gone = altered(TOPIC, 'plain', [['cleanup.policy', 1, null]], none)
    expect(policy(gone)).toBeUndefined()
    expect(gone.configs).toEqual(image.configs)
  })

  it('deletes a name that nobody knows without a word', () => {
    expect(incremental(TOPIC, 'plain', [['no.such', 1, null]])).toMatchObject({
      records: [],
      reply: { responses: [{ errorCode: 0 }] },
    })
  })

  it('checks a change against what stays', () => {
    const lag = altered(TOPIC, 'plain', [['min.compaction.lag.ms', 0, '100']])
    expect(outcome(TOPIC, 'plain', [['max.compaction.lag.ms', 0, '10']], lag)[0]).toBe(40)
  })

  it('changes one broker and all brokers, and writes the same value again for them', () => {
    const one = altered(BROKER, '1', [['num.io.threads', 0, '9']])
    const all = altered(BROKER, '', [['num.io.threads', 0, '7']], one)
    expect(configsOf(all, { type: BROKER, name: '1' }).get('num.io.threads')).toBe('9')
    expect(configsOf(all, { type: BROKER, name: '' }).get('num.io.threads')).toBe('7')
    expect(incremental(BROKER, '1', [['num.io.threads', 0, '9']], all).records).toHaveLength(1)
    expect(altered(BROKER, '1', [['no.such', 0, 'x']]).configs.get('4:1')?.values.size).toBe(1)
  })

  it('observed 27: stores the settings of a group that does not exist yet', () => {
    const set = altered(32, 'later', [['consumer.session.timeout.ms', 0, '50000']])
    expect(configsOf(set, { type: 32, name: 'later' }).get('consumer.session.timeout.ms')).toBe('50000')
  })

  it('keeps min.insync.replicas to the cluster once eligible leader replicas are on (KIP-966)', () => {
    expect(outcome(BROKER, '1', [['min.insync.replicas', 0, '2']])).toEqual([
      40,
      'Broker-level min.insync.replicas cannot be altered while ELR is enabled.',
    ])
    expect(outcome(BROKER, '', [['min.insync.replicas', 1, null]])).toEqual([
      40,
      'Cluster-level min.insync.replicas cannot be removed while ELR is enabled.',
    ])
    expect(outcome(BROKER, '1', [['min.insync.replicas', 0, '2']], withoutEligible(image))[0]).toBe(0)
  })

  it('refuses a resource that stands twice, and lets the others go on', () => {
    const configs = [{ name: 'segment.ms', configOperation: 0, value: '500' }]
    const resources = ['plain', 'plain', 'other'].map((resourceName) => ({
      resourceType: TOPIC,
      resourceName,
      configs,
    }))
    const { reply, records } = decideIncrementalAlterConfigs(image, { resources, validateOnly: false }, node)
    expect(reply.responses.map(({ errorCode, errorMessage }) => [errorCode, errorMessage])).toEqual([
      [42, 'Each resource must appear at most once.'],
      [42, 'Each resource must appear at most once.'],
      [0, null],
    ])
    expect(records).toHaveLength(1)
    const checked = decideIncrementalAlterConfigs(
      image,
      { resources: resources.slice(2), validateOnly: true },
      node,
    )
    expect(checked).toMatchObject({ records: [], reply: { responses: [{ errorCode: 0 }] } })
  })
})

describe('AlterConfigs', () => {
  function replaced(name: string, values: Record<string, string | null>, on: MetadataImage = image) {
    const configs = Object.entries(values).map(([key, value]) => ({ name: key, value }))
    const resources = [{ resourceType: TOPIC, resourceName: name, configs }]
    return decideAlterConfigs(on, { resources, validateOnly: false }, node)
  }

  it('leaves only what it names', () => {
    const first = applied(image, replaced('plain', { 'retention.ms': '11', 'segment.ms': '12' }).records)
    const second = applied(first, replaced('plain', { 'segment.ms': '13' }, first).records)
    expect([...configsOf(second, { type: TOPIC, name: 'plain' })]).toEqual([['segment.ms', '13']])
    const third = applied(second, replaced('plain', {}, second).records)
    expect(configsOf(third, { type: TOPIC, name: 'plain' }).size).toBe(0)
  })

  it.each<[string, Record<string, string | null>, number, string]>([
    [
      'plain',
      { 'segment.ms': 'x' },
      40,
      'Invalid value x for configuration segment.ms: Not a number of type LONG',
    ],
    ['plain', { 'segment.ms': null }, 42, 'Null value not supported for : segment.ms'],
    ['absent', { 'segment.ms': '1' }, 3, "The topic 'absent' does not exist."],
  ])('%s %j', (name, values, code, text) => {
    const { reply, records } = replaced(name, values)
    expect(records).toEqual([])
    expect(reply.responses[0]).toMatchObject({ errorCode: code, errorMessage: text })
  })
})
