/** Precedence, synonyms and units, as DescribeConfigs of a running Kafka showed them. */
import { describe, expect, it } from 'vitest'
import {
  brokerDefinition,
  groupDefinitions,
  topicDefinitions,
} from '../../../src/coordination/configs/definition.ts'
import {
  type BrokerConfigLayers,
  resolveBrokerConfig,
  resolveGroupConfig,
  resolveTopicConfig,
} from '../../../src/coordination/configs/resolve.ts'
import {
  booleanValue,
  listValue,
  numberValue,
  textValue,
} from '../../../src/coordination/configs/typed-value.ts'

function layers(parts: {
  dynamic?: Record<string, string>
  dynamicDefault?: Record<string, string>
  static?: Record<string, string>
}): BrokerConfigLayers {
  return {
    dynamic: new Map(Object.entries(parts.dynamic ?? {})),
    dynamicDefault: new Map(Object.entries(parts.dynamicDefault ?? {})),
    static: new Map(Object.entries(parts.static ?? {})),
  }
}

function topic(name: string, own: Record<string, string>, over: BrokerConfigLayers) {
  const definition = topicDefinitions.get(name)
  if (definition === undefined) throw new Error(`no ${name}`)
  return resolveTopicConfig(definition, new Map(Object.entries(own)), over)
}

function broker(name: string, over: BrokerConfigLayers) {
  const definition = brokerDefinition(name)
  if (definition === undefined) throw new Error(`no ${name}`)
  return resolveBrokerConfig(definition, over)
}

function places(resolved: { synonyms: readonly { name: string; value: string; source: number }[] }) {
  return resolved.synonyms.map(({ name, value, source }) => `${name}/${value}/${source}`).join(' ')
}

describe('resolveTopicConfig', () => {
  it('observed 29: lists every place in order of precedence', () => {
    const over = layers({
      dynamic: { 'log.retention.ms': '5000' },
      dynamicDefault: { 'log.retention.ms': '6000' },
    })
    const set = topic('retention.ms', { 'retention.ms': '11' }, over)
    expect([set.value, set.source]).toEqual(['11', 1])
    expect(places(set)).toBe(
      'retention.ms/11/1 log.retention.ms/5000/2 log.retention.ms/6000/3 log.retention.hours/168/5',
    )
    const unset = topic('retention.ms', {}, over)
    expect([unset.value, unset.source]).toEqual(['5000', 2])
  })

  it('turns hours and minutes into milliseconds, the finer unit first', () => {
    const hours = topic('retention.ms', {}, layers({ static: { 'log.retention.hours': '2' } }))
    expect([hours.value, hours.source]).toEqual(['7200000', 4])
    expect(places(hours)).toBe('log.retention.hours/2/4 log.retention.hours/168/5')
    const minutes = topic(
      'retention.ms',
      {},
      layers({ static: { 'log.retention.hours': '2', 'log.retention.minutes': '3' } }),
    )
    expect(minutes.value).toBe('180000')
    const forever = topic('retention.ms', {}, layers({ static: { 'log.retention.minutes': '-1' } }))
    expect(forever.value).toBe('-1')
  })

  it('shows no synonym where only the default in another unit is left', () => {
    const unset = topic('segment.ms', {}, layers({}))
    expect([unset.value, unset.source, places(unset)]).toEqual(['604800000', 5, ''])
    const plain = topic('max.message.bytes', {}, layers({}))
    expect([plain.value, places(plain)]).toEqual(['1048588', 'message.max.bytes/1048588/5'])
    const own = topic('segment.ms', { 'segment.ms': '12' }, layers({}))
    expect(places(own)).toBe('segment.ms/12/1')
  })

  it('agrees with the default of every topic setting', () => {
    for (const definition of topicDefinitions.values()) {
      const resolved = resolveTopicConfig(definition, new Map(), layers({}))
      expect([definition.name, resolved.value]).toEqual([definition.name, definition.default])
    }
  })
})

describe('resolveBrokerConfig', () => {
  it('has only its own value, with the synonyms behind it', () => {
    const over = layers({ dynamic: { 'log.retention.ms': '5000' }, static: { 'log.retention.hours': '3' } })
    expect(broker('log.retention.ms', over).value).toBe('5000')
    expect(places(broker('log.retention.ms', over))).toBe(
      'log.retention.ms/5000/2 log.retention.hours/3/4 log.retention.hours/168/5',
    )
    expect(broker('log.retention.minutes', over)).toMatchObject({ value: null, source: 5, synonyms: [] })
    expect(places(broker('log.retention.hours', over))).toBe(
      'log.retention.hours/3/4 log.retention.hours/168/5',
    )
    expect(broker('log.roll.ms', over)).toMatchObject({ value: null, source: 5, synonyms: [] })
  })

  it('prefers this broker to the cluster to the file to the default', () => {
    const over = layers({
      dynamic: { 'num.io.threads': '9' },
      dynamicDefault: { 'num.io.threads': '7' },
      static: { 'num.io.threads': '6' },
    })
    expect(places(broker('num.io.threads', over))).toBe(
      'num.io.threads/9/2 num.io.threads/7/3 num.io.threads/6/4 num.io.threads/8/5',
    )
  })
})

describe('resolveGroupConfig', () => {
  it('falls to the broker setting, and to its own default where there is none', () => {
    const session = groupDefinitions.get('consumer.session.timeout.ms')
    const isolation = groupDefinitions.get('share.isolation.level')
    if (session === undefined || isolation === undefined) throw new Error('no such setting')
    const set = resolveGroupConfig(session, new Map([['consumer.session.timeout.ms', '50000']]), layers({}))
    expect(places(set)).toBe('consumer.session.timeout.ms/50000/8 group.consumer.session.timeout.ms/45000/5')
    expect(places(resolveGroupConfig(isolation, new Map(), layers({})))).toBe(
      'share.isolation.level/read_uncommitted/5',
    )
  })
})

describe('typed values', () => {
  it('gives numbers, and Infinity for the largest LONG', () => {
    expect(numberValue(topic('retention.ms', {}, layers({})))).toBe(604_800_000)
    expect(numberValue(topic('flush.messages', {}, layers({})))).toBe(Number.POSITIVE_INFINITY)
    expect(booleanValue(topic('preallocate', { preallocate: ' TRUE' }, layers({})))).toBe(true)
    expect(listValue(topic('cleanup.policy', { 'cleanup.policy': 'compact,delete' }, layers({})))).toEqual([
      'compact',
      'delete',
    ])
    expect(textValue(broker('broker.rack', layers({})))).toBeNull()
  })

  it('takes the default for a stored text that no longer parses', () => {
    expect(numberValue(topic('retention.ms', { 'retention.ms': 'old' }, layers({})))).toBe(604_800_000)
  })

  it('treats a wrong type as the bug that it is', () => {
    expect(() => booleanValue(topic('retention.ms', {}, layers({})))).toThrow('retention.ms is no boolean')
  })
})
