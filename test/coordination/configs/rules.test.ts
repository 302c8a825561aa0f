/** Which settings may stand together, and who may change them, in the words of Kafka. */
import { describe, expect, it } from 'vitest'
import { alterValue } from '../../../src/coordination/configs/alter-value.ts'
import { brokerConfigProblem, staticConfigProblems } from '../../../src/coordination/configs/broker-rules.ts'
import { clientMetricsConfigProblem } from '../../../src/coordination/configs/client-metrics-rules.ts'
import { topicDefinitions } from '../../../src/coordination/configs/definition.ts'
import { groupConfigProblem } from '../../../src/coordination/configs/group-rules.ts'
import { emptyLayers } from '../../../src/coordination/configs/resolve.ts'
import { topicConfigProblem } from '../../../src/coordination/configs/topic-rules.ts'

describe('topicConfigProblem', () => {
  it('looks at names before values', () => {
    expect(
      topicConfigProblem([
        ['retention.ms', 'x'],
        ['zzz', '1'],
      ]),
    ).toEqual({ errorCode: 40, errorMessage: 'Unknown topic config name: zzz' })
  })

  it('refuses null, lags that cross, and tiering', () => {
    expect(topicConfigProblem([['retention.ms', null]])?.errorMessage).toBe(
      'Null value not supported for topic configs: retention.ms',
    )
    expect(
      topicConfigProblem([
        ['min.compaction.lag.ms', '100'],
        ['max.compaction.lag.ms', '10'],
      ])?.errorMessage,
    ).toBe('conflict topic config setting min.compaction.lag.ms (100) > max.compaction.lag.ms (10)')
    expect(topicConfigProblem([['remote.storage.enable', 'true']])?.errorCode).toBe(40)
  })

  it('takes settings that are fine', () => {
    expect(topicConfigProblem([['min.compaction.lag.ms', '10000']])).toBeUndefined()
    expect(topicConfigProblem([['internal.segment.bytes', '100']])).toBeUndefined()
  })
})

describe('brokerConfigProblem', () => {
  it('observed 21: read-only settings, all of them named', () => {
    expect(
      brokerConfigProblem(
        [
          ['node.id', '3'],
          ['broker.rack', 'x'],
        ],
        false,
      ),
    ).toEqual({
      errorCode: 42,
      errorMessage: 'Cannot update these configs dynamically: [node.id, broker.rack]',
    })
  })

  it('keeps per-broker settings off the cluster and security settings behind a listener', () => {
    expect(brokerConfigProblem([['listeners', 'PLAINTEXT://:1']], true)?.errorMessage).toBe(
      'Cannot update these configs at default cluster level, broker id must be specified: [listeners]',
    )
    expect(brokerConfigProblem([['ssl.keystore.location', 'x']], true)?.errorMessage).toBe(
      'These security configs can be dynamically updated only per-listener using the listener prefix: [ssl.keystore.location]',
    )
    const prefixed = 'listener.name.external.ssl.keystore.location'
    expect(brokerConfigProblem([[prefixed, 'x']], false)).toBeUndefined()
    expect(brokerConfigProblem([[prefixed, 'x']], true)?.errorMessage).toContain(prefixed)
  })

  it('checks values, lets names pass that Kafka does not define, and lets everything go', () => {
    expect(brokerConfigProblem([['message.max.bytes', '-1']], false)).toEqual({
      errorCode: 42,
      errorMessage: 'Invalid value -1 for configuration message.max.bytes: Value must be at least 0',
    })
    expect(brokerConfigProblem([['my.plugin.secret', 'x']], false)).toBeUndefined()
    expect(brokerConfigProblem([['num.io.threads', null]], true)).toBeUndefined()
  })

  it('names what is wrong with a properties file', () => {
    expect(
      staticConfigProblems([
        ['num.partitions', 'many'],
        ['node.id', '1'],
        ['own.setting', 'x'],
      ]),
    ).toEqual(['Invalid value many for configuration num.partitions: Not a number of type INT'])
  })
})

describe('groupConfigProblem', () => {
  it.each([
    ['nope', '1', 'Unknown group config name: nope'],
    [
      'consumer.session.timeout.ms',
      '5',
      'consumer.session.timeout.ms must be greater than or equal to group.consumer.min.session.timeout.ms',
    ],
    [
      'consumer.heartbeat.interval.ms',
      '1',
      'consumer.heartbeat.interval.ms must be greater than or equal to group.consumer.min.heartbeat.interval.ms',
    ],
    [
      'streams.num.standby.replicas',
      '5',
      'streams.num.standby.replicas must be less than or equal to group.streams.max.standby.replicas',
    ],
    [
      'consumer.session.timeout.ms',
      'x',
      'Invalid value x for configuration consumer.session.timeout.ms: Not a number of type INT',
    ],
  ])('refuses %s=%s', (name, value, errorMessage) => {
    expect(groupConfigProblem([[name, value]], emptyLayers)).toEqual({ errorCode: 40, errorMessage })
  })

  it('wants sessions longer than heartbeats, within the bounds of the broker', () => {
    const static_ = new Map([['group.consumer.min.session.timeout.ms', '1']])
    const layers = { ...emptyLayers, static: static_ }
    expect(groupConfigProblem([['consumer.session.timeout.ms', '5000']], layers)?.errorMessage).toBe(
      'consumer.session.timeout.ms must be greater than consumer.heartbeat.interval.ms',
    )
    expect(groupConfigProblem([['consumer.session.timeout.ms', '50000']], emptyLayers)).toBeUndefined()
  })
})

describe('clientMetricsConfigProblem', () => {
  it.each([
    [
      'interval.ms',
      '6',
      42,
      'Invalid value 6 for interval.ms, interval must be between 100 and 3600000 (1 hour)',
    ],
    ['nope', '6', 42, 'Unknown client metrics configuration: nope'],
    ['match', 'client_id', 40, 'Illegal client matching pattern: client_id'],
    ['match', 'zz=1', 40, 'Illegal client matching pattern: zz=1'],
    ['match', 'client_id=(', 40, 'Illegal client matching pattern: client_id=('],
  ])('refuses %s=%s', (name, value, errorCode, errorMessage) => {
    expect(clientMetricsConfigProblem([[name, value]])).toEqual({ errorCode, errorMessage })
  })

  it('takes a pattern, a list of metrics, an interval', () => {
    expect(
      clientMetricsConfigProblem([
        ['match', 'client_id=app-.*,client_source_port=9[0-9]+'],
        ['metrics', 'org.apache.kafka.producer.'],
        ['interval.ms', '60000'],
      ]),
    ).toBeUndefined()
  })
})

describe('alterValue', () => {
  const policy = topicDefinitions.get('cleanup.policy')
  const retention = topicDefinitions.get('retention.ms')

  it('observed 8: APPEND starts from the default, and keeps one of each', () => {
    const append = { name: 'cleanup.policy', configOperation: 2, value: 'compact' }
    expect(alterValue(append, policy, 'delete')).toEqual({ ok: true, value: 'delete,compact' })
    expect(alterValue(append, policy, 'delete,compact')).toEqual({ ok: true, value: 'delete,compact' })
  })

  it('SUBTRACT leaves an empty list, DELETE nothing', () => {
    const subtract = { name: 'cleanup.policy', configOperation: 3, value: 'delete' }
    expect(alterValue(subtract, policy, 'delete')).toEqual({ ok: true, value: '' })
    expect(alterValue({ ...subtract, configOperation: 1, value: null }, policy, 'delete')).toEqual({
      ok: true,
      value: null,
    })
  })

  it('refuses lists of what is none, null, and operations that nobody knows', () => {
    const problem = (configOperation: number, value: string | null) =>
      alterValue({ name: 'retention.ms', configOperation, value }, retention, '1')
    expect(problem(2, '1')).toEqual({
      ok: false,
      problem: {
        errorCode: 40,
        errorMessage: "Can't APPEND to key retention.ms because its type is not LIST.",
      },
    })
    expect(problem(3, '1')).toMatchObject({ problem: { errorCode: 40 } })
    expect(problem(0, null)).toMatchObject({
      problem: { errorCode: 42, errorMessage: 'Null value not supported for : retention.ms' },
    })
    expect(problem(7, '1')).toMatchObject({ problem: { errorCode: 42 } })
  })
})
