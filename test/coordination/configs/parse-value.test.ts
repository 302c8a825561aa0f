/** Setting texts against what a running Kafka accepted and refused, word for word. */
import { describe, expect, it } from 'vitest'
import {
  brokerDefinition,
  brokerDefinitions,
  clientMetricsDefinitions,
  groupDefinitions,
  topicDefinitions,
} from '../../../src/coordination/configs/definition.ts'
import { parseConfigValue } from '../../../src/coordination/configs/parse-value.ts'

function parseTopic(name: string, text: string) {
  const definition = topicDefinitions.get(name)
  if (definition === undefined) throw new Error(`no ${name}`)
  return parseConfigValue(definition, text)
}

const oneOf = 'String must be one of'
const refused: [string, string, string][] = [
  ['retention.ms', 'abc', 'Invalid value abc for configuration retention.ms: Not a number of type LONG'],
  ['retention.ms', '', 'Invalid value  for configuration retention.ms: Not a number of type LONG'],
  ['retention.ms', '0x10', 'Invalid value 0x10 for configuration retention.ms: Not a number of type LONG'],
  ['retention.ms', '-2', 'Invalid value -2 for configuration retention.ms: Value must be at least -1'],
  [
    'retention.ms',
    '9223372036854775808',
    'Invalid value 9223372036854775808 for configuration retention.ms: Not a number of type LONG',
  ],
  ['cleanup.policy', 'foo', `Invalid value foo for configuration cleanup.policy: ${oneOf}: compact, delete`],
  ['cleanup.policy', 'delete,,compact', "Configuration 'cleanup.policy' values must not be empty."],
  [
    'compression.type',
    'GZIP',
    `Invalid value GZIP for configuration compression.type: ${oneOf}: uncompressed, zstd, lz4, snappy, gzip, producer`,
  ],
  [
    'compression.gzip.level',
    '0',
    'Invalid value 0 for configuration compression.gzip.level: Value must be between 1 and 9 or equal to -1',
  ],
  [
    'compression.lz4.level',
    '18',
    'Invalid value 18 for configuration compression.lz4.level: Value must be no more than 17',
  ],
  ['segment.bytes', '14', 'Invalid value 14 for configuration segment.bytes: Value must be at least 1048576'],
  [
    'min.cleanable.dirty.ratio',
    '2',
    'Invalid value 2.0 for configuration min.cleanable.dirty.ratio: Value must be no more than 1',
  ],
  [
    'min.cleanable.dirty.ratio',
    'x',
    'Invalid value x for configuration min.cleanable.dirty.ratio: Not a number of type DOUBLE',
  ],
  [
    'preallocate',
    'maybe',
    'Invalid value maybe for configuration preallocate: Expected value to be either true or false',
  ],
  [
    'max.message.bytes',
    '99999999999',
    'Invalid value 99999999999 for configuration max.message.bytes: Not a number of type INT',
  ],
  [
    'max.message.bytes',
    '1.5',
    'Invalid value 1.5 for configuration max.message.bytes: Not a number of type INT',
  ],
  [
    'follower.replication.throttled.replicas',
    'foo',
    "Invalid value [foo] for configuration follower.replication.throttled.replicas: follower.replication.throttled.replicas must be the literal '*' or a list of replicas in the following format: [partitionId]:[brokerId],[partitionId]:[brokerId],...",
  ],
]

describe('parseConfigValue', () => {
  it.each(refused)('observed 21: %s=%s is refused in the words of Kafka', (name, text, problem) => {
    expect(parseTopic(name, text)).toEqual({ ok: false, problem })
  })

  it.each([
    ['retention.ms', ' 12 ', 12n],
    ['retention.ms', '+12', 12n],
    ['retention.ms', '-1', -1n],
    ['max.message.bytes', '2147483647', 2_147_483_647],
    ['preallocate', 'TRUE', true],
    ['preallocate', ' false ', false],
    ['cleanup.policy', 'delete, compact', ['delete', 'compact']],
    ['cleanup.policy', 'delete,delete', ['delete']],
    ['cleanup.policy', '', []],
    ['min.cleanable.dirty.ratio', '.25', 0.25],
    ['min.cleanable.dirty.ratio', '1e-1', 0.1],
    ['follower.replication.throttled.replicas', '*', ['*']],
    ['follower.replication.throttled.replicas', '0:1,1:2', ['0:1', '1:2']],
    ['compression.gzip.level', '-1', -1],
  ])('%s=%s is taken', (name, text, value) => {
    expect(parseTopic(name, text)).toEqual({ ok: true, value })
  })

  it('takes the default of every setting', () => {
    const all = [
      ...topicDefinitions.values(),
      ...brokerDefinitions.values(),
      ...groupDefinitions.values(),
      ...clientMetricsDefinitions.values(),
    ]
    expect(all.length).toBeGreaterThan(400)
    const bad = all.filter(
      (definition) => definition.default !== null && !parseConfigValue(definition, definition.default).ok,
    )
    expect(bad.map(({ name }) => name)).toEqual([])
  })

  it('reads a share group offset reset as a duration', () => {
    const definition = groupDefinitions.get('share.auto.offset.reset')
    if (definition === undefined) throw new Error('no share.auto.offset.reset')
    expect(parseConfigValue(definition, 'by_duration:PT1H').ok).toBe(true)
    expect(parseConfigValue(definition, 'by_duration:1h').ok).toBe(false)
    expect(parseConfigValue(definition, 'never').ok).toBe(false)
  })

  it('knows settings behind a listener prefix', () => {
    const definition = brokerDefinition('listener.name.internal.ssl.keystore.location')
    expect(definition?.type).toBe('STRING')
    expect(definition?.synonyms.map(({ name }) => name)).toEqual([
      'listener.name.internal.ssl.keystore.location',
      'ssl.keystore.location',
    ])
    expect(brokerDefinition('listener.name.internal.nothing')).toBeUndefined()
  })
})
