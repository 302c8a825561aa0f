/** Brokers come, stand, fall silent and go; what they led goes with them to others. Producer ids. */
import { describe, expect, it } from 'vitest'
import { decideAllocateProducerIds } from '../../../../src/coordination/metadata/decide/allocate-producer-ids.ts'
import { bootstrapRecords } from '../../../../src/coordination/metadata/decide/bootstrap.ts'
import { decideBrokerHeartbeat } from '../../../../src/coordination/metadata/decide/broker-heartbeat.ts'
import { decideFenceBroker } from '../../../../src/coordination/metadata/decide/fence-broker.ts'
import { decideRegisterBroker } from '../../../../src/coordination/metadata/decide/register-broker.ts'
import { decideUnregisterBroker } from '../../../../src/coordination/metadata/decide/unregister-broker.ts'
import {
  configsOf,
  emptyImage,
  type MetadataImage,
  topicByName,
} from '../../../../src/coordination/metadata/image.ts'
import {
  applied,
  CLUSTER_ID,
  cluster,
  creation,
  heartbeat,
  node,
  registration,
  requestedTopic,
  uuid,
  withoutEligible,
  withTopic,
} from '../support.ts'

function leaders(image: MetadataImage, topic: string) {
  return [...(topicByName(image, topic)?.partitions.values() ?? [])].map(
    ({ leader, leaderEpoch, isr }) => `${leader}@${leaderEpoch} [${isr}]`,
  )
}

const context = {
  clusterId: CLUSTER_ID,
  nextOffset: 77n,
  hasLiveSession: false,
  relaxesFlushing: false,
  ...node,
}

describe('BrokerRegistration', () => {
  it('is fenced, with the offset of its record as epoch', () => {
    const { reply, records } = decideRegisterBroker(emptyImage, registration(1, 1), context)
    expect(reply).toMatchObject({ errorCode: 0, brokerEpoch: 77n })
    expect(applied(emptyImage, records).brokers.get(1)).toMatchObject({
      fenced: true,
      epoch: 77n,
      directories: [uuid(1001)],
    })
  })

  it('keeps its epoch when the same process asks again', () => {
    const { reply, records } = decideRegisterBroker(cluster(null), registration(1, 1), context)
    expect(reply.brokerEpoch).toBe(1n)
    expect(applied(cluster(null), records).brokers.get(1)?.fenced).toBe(false)
  })

  it.each([
    ['another cluster', { clusterId: 'x' }, {}, 104],
    ['no listener', { listeners: [] }, {}, 119],
    ['no directory', { logDirs: [] }, {}, 119],
    ['features it cannot serve', { features: [] }, {}, 35],
    ['a twin that lives', { incarnationId: uuid(9) }, { hasLiveSession: true }, 101],
  ])('refuses %s', (_, change, facts, code) => {
    const request = { ...registration(1, 1), ...change }
    const { reply, records } = decideRegisterBroker(cluster(null), request, { ...context, ...facts })
    expect([reply.errorCode, reply.brokerEpoch, records]).toEqual([code, -1n, []])
  })

  it('fences the old life of a broker that comes back: new leader epochs, even with nobody else', () => {
    const image = withTopic(cluster(null), 't', { partitions: 2 })
    const returned = applied(image, decideRegisterBroker(image, registration(1, 2), context).records)
    expect(leaders(returned, 't')).toEqual(['-1@1 []', '-1@1 []'])
    const back = applied(returned, decideBrokerHeartbeat(returned, heartbeat(1, 77n), node).records)
    expect(leaders(back, 't')).toEqual(['1@2 [1]', '1@2 [1]'])
  })

  it('gives to others what a returning broker led', () => {
    const image = withTopic(cluster(null, null), 't', {
      assignments: [
        [1, 2],
        [2, 1],
      ],
    })
    const returned = applied(image, decideRegisterBroker(image, registration(1, 2), context).records)
    expect(leaders(returned, 't')).toEqual(['2@1 [2]', '2@0 [2]'])
  })
})

describe('BrokerHeartbeat', () => {
  it('knows strangers and old lives', () => {
    expect(decideBrokerHeartbeat(cluster(null), heartbeat(2, 1n), node).reply.errorCode).toBe(102)
    expect(decideBrokerHeartbeat(cluster(null), heartbeat(1, 9n), node).reply.errorCode).toBe(77)
  })

  it('unfences only who has read its own registration', () => {
    const image = applied(emptyImage, decideRegisterBroker(emptyImage, registration(1, 1), context).records)
    const early = decideBrokerHeartbeat(image, heartbeat(1, 77n, { offset: 76n }), node)
    expect(early).toMatchObject({ records: [], reply: { isCaughtUp: false, isFenced: true } })
    const ready = decideBrokerHeartbeat(image, heartbeat(1, 77n, { offset: 77n }), node)
    expect(ready.reply).toMatchObject({ isCaughtUp: true, isFenced: false })
    const active = applied(image, ready.records)
    expect(decideBrokerHeartbeat(active, heartbeat(1, 77n), node).records).toEqual([])
  })

  it('moves leaders away before a broker stops, and lets it go when nobody can take more', () => {
    const pair = withTopic(cluster(null, null), 't', { assignments: [[1, 2]] })
    const image = withTopic(pair, 'alone', { assignments: [[1]] })
    const asked = decideBrokerHeartbeat(image, heartbeat(1, 1n, { shutDown: true }), node)
    expect(asked.reply).toMatchObject({ shouldShutDown: false, isFenced: false })
    const moving = applied(image, asked.records)
    expect([...leaders(moving, 't'), ...leaders(moving, 'alone')]).toEqual(['2@1 [2]', '1@0 [1]'])
    const done = decideBrokerHeartbeat(moving, heartbeat(1, 1n, { shutDown: true }), node)
    expect(done.reply).toMatchObject({ shouldShutDown: true, isFenced: true })
    const gone = applied(moving, done.records)
    expect(gone.brokers.get(1)?.fenced).toBe(true)
    expect(leaders(gone, 'alone')).toEqual(['-1@1 []'])
  })

  it('lets the only broker stop at once', () => {
    const image = withTopic(cluster(null), 't')
    const asked = decideBrokerHeartbeat(image, heartbeat(1, 1n, { shutDown: true }), node)
    expect(asked.reply.shouldShutDown).toBe(true)
    expect(leaders(applied(image, asked.records), 't')).toEqual(['-1@1 []'])
  })

  it('cordons directories: nothing new is placed where all of them are, and unregistering lifts it', () => {
    const beat = { ...heartbeat(2, 2n), cordonedLogDirs: [uuid(1002)] }
    const before = cluster(null, null)
    const { records } = decideBrokerHeartbeat(before, beat, node)
    const setting = { resourceType: 4, resourceName: '2', name: 'cordoned.log.dirs', value: '*' }
    const image = applied(before, [...records, { type: 'ConfigRecord', value: setting }])
    expect(image.brokers.get(2)?.cordonedDirectories).toEqual([uuid(1002)])
    expect(decideBrokerHeartbeat(image, beat, node).records).toEqual([])
    const made = withTopic(image, 't', { partitions: 4 })
    expect(leaders(made, 't')).toEqual(Array(4).fill('1@0 [1]'))
    expect(creation(image, [requestedTopic('pair', { factor: 2 })]).reply.topics[0]?.errorCode).toBe(38)
    const lifted = applied(
      image,
      decideBrokerHeartbeat(image, { ...beat, cordonedLogDirs: [] }, node).records,
    )
    expect(leaders(withTopic(lifted, 't', { partitions: 2 }), 't').sort()).toEqual(['1@0 [1]', '2@0 [2]'])
    const gone = applied(image, decideUnregisterBroker(image, { brokerId: 2 }, node).records)
    expect(configsOf(gone, { type: 4, name: '2' }).size).toBe(0)
  })

  it('says nothing of cordons to a cluster of a version that does not know them', () => {
    const older = applied(cluster(null), [
      { type: 'FeatureLevelRecord', value: { name: 'metadata.version', featureLevel: 29 } },
    ])
    const beat = { ...heartbeat(1, 1n), cordonedLogDirs: [uuid(1001)] }
    expect(decideBrokerHeartbeat(older, beat, node).records).toEqual([])
  })

  it('fences on request', () => {
    const asked = decideBrokerHeartbeat(cluster(null), heartbeat(1, 1n, { fence: true }), node)
    expect(asked.reply.isFenced).toBe(true)
    expect(applied(cluster(null), asked.records).brokers.get(1)?.fenced).toBe(true)
  })
})

describe('fencing a silent broker', () => {
  it('moves its leaders to in-sync replicas, and keeps the last member of an ISR where nobody is kept eligible', () => {
    const image = withTopic(withoutEligible(cluster(null, null, null)), 't', {
      assignments: [
        [1, 2, 3],
        [1, 2, 3],
        [2, 3, 1],
      ],
    })
    const first = applied(image, decideFenceBroker(image, { brokerId: 1, brokerEpoch: 1n }, node).records)
    expect(leaders(first, 't')).toEqual(['2@1 [2,3]', '2@1 [2,3]', '2@0 [2,3]'])
    const second = applied(first, decideFenceBroker(first, { brokerId: 2, brokerEpoch: 2n }, node).records)
    expect(leaders(second, 't')).toEqual(['3@2 [3]', '3@2 [3]', '3@1 [3]'])
    const third = applied(second, decideFenceBroker(second, { brokerId: 3, brokerEpoch: 3n }, node).records)
    expect(leaders(third, 't')).toEqual(['-1@3 [3]', '-1@3 [3]', '-1@2 [3]'])
    const wrong = applied(third, decideBrokerHeartbeat(third, heartbeat(1, 1n), node).records)
    expect(leaders(wrong, 't')[0]).toBe('-1@3 [3]')
    const right = applied(wrong, decideBrokerHeartbeat(wrong, heartbeat(3, 3n), node).records)
    expect(leaders(right, 't')).toEqual(['3@4 [3]', '3@4 [3]', '3@3 [3]'])
  })

  it('elects an eligible replica where the ISR is empty, as Kafka leaves it (KIP-966)', () => {
    const image = withTopic(cluster(null), 't')
    const change = {
      partitionId: 0,
      topicId: topicByName(image, 't')?.id ?? '',
      isr: [],
      leader: -1,
      replicas: null,
      removingReplicas: null,
      addingReplicas: null,
      leaderRecoveryState: -1,
      directories: null,
      eligibleLeaderReplicas: [1],
      lastKnownElr: null,
    }
    const left = applied(image, [
      { type: 'FenceBrokerRecord', value: { id: 1, epoch: 1n } },
      { type: 'PartitionChangeRecord', value: change },
    ])
    const back = applied(left, decideBrokerHeartbeat(left, heartbeat(1, 1n), node).records)
    expect(leaders(back, 't')).toEqual(['1@2 [1]'])
    expect(topicByName(back, 't')?.partitions.get(0)?.eligibleLeaderReplicas).toEqual([])
  })

  it('says nothing of another life, and does nothing twice', () => {
    const image = cluster(null)
    expect(decideFenceBroker(image, { brokerId: 1, brokerEpoch: 2n }, node)).toEqual({
      records: [],
      reply: { isFenced: false },
    })
    const fenced = applied(image, decideFenceBroker(image, { brokerId: 1, brokerEpoch: 1n }, node).records)
    expect(decideFenceBroker(fenced, { brokerId: 1, brokerEpoch: 1n }, node)).toEqual({
      records: [],
      reply: { isFenced: true },
    })
  })
})

describe('UnregisterBroker', () => {
  it('observed 28: knows who is registered', () => {
    expect(decideUnregisterBroker(cluster(null), { brokerId: 9 }, node)).toMatchObject({
      records: [],
      reply: { errorCode: 102, errorMessage: 'Broker ID 9 is not currently registered' },
    })
    const image = withTopic(cluster(null, null), 't', { assignments: [[1, 2]] })
    const gone = applied(image, decideUnregisterBroker(image, { brokerId: 1 }, node).records)
    expect([...gone.brokers.keys()]).toEqual([2])
    expect(leaders(gone, 't')).toEqual(['2@1 [2]'])
  })
})

describe('AllocateProducerIds', () => {
  it('trap 16: hands out blocks of 1000, one after the other', () => {
    let image = cluster(null)
    const blocks: bigint[] = []
    for (let n = 0; n < 3; n++) {
      const { reply, records } = decideAllocateProducerIds(image, { brokerId: 1, brokerEpoch: 1n })
      expect(reply).toMatchObject({ errorCode: 0, producerIdLen: 1000 })
      blocks.push(reply.producerIdStart)
      image = applied(image, records)
    }
    expect(blocks).toEqual([0n, 1000n, 2000n])
  })

  it('knows strangers, old lives and the end of the numbers', () => {
    const image = cluster(null)
    expect(decideAllocateProducerIds(image, { brokerId: 2, brokerEpoch: 1n }).reply.errorCode).toBe(102)
    expect(decideAllocateProducerIds(image, { brokerId: 1, brokerEpoch: 2n }).reply.errorCode).toBe(77)
    const value = { brokerId: 1, brokerEpoch: 1n, nextProducerId: 9_223_372_036_854_775_000n }
    const full = applied(image, [{ type: 'ProducerIdsRecord', value }])
    expect(decideAllocateProducerIds(full, { brokerId: 1, brokerEpoch: 1n })).toMatchObject({
      records: [],
      reply: { errorCode: -1 },
    })
  })
})

describe('bootstrapRecords', () => {
  it('observed 20: finalizes only what is served', () => {
    expect([...applied(emptyImage, bootstrapRecords(node)).features]).toEqual([
      ['eligible.leader.replicas.version', 1],
      ['metadata.version', 30],
    ])
    const more = bootstrapRecords(node, [
      { name: 'group.version', level: 1 },
      { name: 'metadata.version', level: 30 },
    ])
    expect(more.map(({ type }) => type)).toEqual([
      'BeginTransactionRecord',
      'FeatureLevelRecord',
      'FeatureLevelRecord',
      'EndTransactionRecord',
    ])
    expect(more[1]?.value).toMatchObject({ name: 'metadata.version' })
  })
})
