/** The image's only writer: what each record does, what does not fit, transactions, deltas, and rebuilding from a snapshot. */
import { describe, expect, it } from 'vitest'
import { apply } from '../../../src/coordination/metadata/apply.ts'
import { isEmptyDelta } from '../../../src/coordination/metadata/delta.ts'
import {
  configsOf,
  emptyImage,
  type MetadataImage,
  topicByName,
} from '../../../src/coordination/metadata/image.ts'
import type { MetadataRecord } from '../../../src/coordination/metadata/record.ts'
import { snapshotRecords } from '../../../src/coordination/metadata/snapshot.ts'
import { applied, cluster, fitting, plain, uuid, withTopic } from './support.ts'

const topicRecord: MetadataRecord = { type: 'TopicRecord', value: { name: 't', topicId: uuid(7) } }

function partition(partitionId: number): MetadataRecord {
  return {
    type: 'PartitionRecord',
    value: {
      partitionId,
      topicId: uuid(7),
      replicas: [1, 2],
      isr: [1, 2],
      removingReplicas: [],
      addingReplicas: [],
      leader: 1,
      leaderRecoveryState: 0,
      leaderEpoch: 3,
      partitionEpoch: 8,
      directories: [uuid(1), uuid(2)],
      eligibleLeaderReplicas: [3],
      lastKnownElr: [4],
    },
  }
}

const unchanged = {
  isr: null,
  leader: -2,
  replicas: null,
  removingReplicas: null,
  addingReplicas: null,
  leaderRecoveryState: -1,
  directories: null,
  eligibleLeaderReplicas: null,
  lastKnownElr: null,
}

function changed(value: Partial<typeof unchanged> | { isr: number[] }): MetadataRecord {
  return {
    type: 'PartitionChangeRecord',
    value: { ...unchanged, partitionId: 0, topicId: uuid(7), ...value },
  }
}

function reasonOf(image: MetadataImage, ...records: MetadataRecord[]): string | undefined {
  const outcome = apply(image, records)
  return outcome.ok ? undefined : outcome.problem.reason
}

describe('apply, topics and partitions', () => {
  it('makes, changes and removes a topic with its settings', () => {
    const made = fitting(emptyImage, [topicRecord, partition(0), partition(1)])
    expect(made.delta.topicsCreated.map(({ name }) => name)).toEqual(['t'])
    expect(made.delta.partitionsChanged.map((change) => [change.partition, change.before])).toEqual([
      [0, undefined],
      [1, undefined],
    ])
    const set = applied(made.image, [
      {
        type: 'ConfigRecord',
        value: { resourceType: 2, resourceName: 't', name: 'retention.ms', value: '1' },
      },
    ])
    const gone = fitting(set, [{ type: 'RemoveTopicRecord', value: { topicId: uuid(7) } }])
    expect(gone.delta.topicsDeleted.map(({ partitions }) => partitions.size)).toEqual([2])
    expect(gone.delta.partitionsChanged.map((change) => [change.partition, change.after])).toEqual([
      [0, undefined],
      [1, undefined],
    ])
    expect(gone.delta.configsChanged).toEqual([{ type: 2, name: 't' }])
    expect(plain(gone.image)).toEqual(plain(emptyImage))
  })

  it('bumps the leader epoch only with the leader, the partition epoch always', () => {
    const image = applied(emptyImage, [topicRecord, partition(0)])
    const shrunk = applied(image, [changed({ isr: [1] })])
    expect(shrunk.topics.get(uuid(7))?.partitions.get(0)).toMatchObject({
      isr: [1],
      leader: 1,
      leaderEpoch: 3,
      partitionEpoch: 9,
      eligibleLeaderReplicas: [3],
    })
    const moved = applied(shrunk, [changed({ leader: 2 })])
    expect(moved.topics.get(uuid(7))?.partitions.get(0)).toMatchObject({
      leader: 2,
      leaderEpoch: 4,
      partitionEpoch: 10,
    })
    const again = applied(moved, [changed({ leader: 2 })])
    expect(again.topics.get(uuid(7))?.partitions.get(0)?.leaderEpoch).toBe(5)
  })

  it('forgets eligible leaders of one topic or of all', () => {
    const image = applied(emptyImage, [topicRecord, partition(0)])
    for (const topicName of ['t', '']) {
      const cleared = applied(image, [{ type: 'ClearElrRecord', value: { topicName } }])
      expect(cleared.topics.get(uuid(7))?.partitions.get(0)).toMatchObject({
        eligibleLeaderReplicas: [],
        lastKnownEligibleLeaderReplicas: [],
      })
    }
    expect(reasonOf(image, { type: 'ClearElrRecord', value: { topicName: 'x' } })).toBe(
      'topic x is not there',
    )
  })

  it('refuses records that do not fit, and then nothing has happened', () => {
    const image = applied(emptyImage, [topicRecord, partition(0)])
    expect(reasonOf(image, topicRecord)).toContain('is taken')
    expect(reasonOf(image, { type: 'TopicRecord', value: { name: 't', topicId: uuid(8) } })).toBe(
      'topic t exists',
    )
    expect(reasonOf(emptyImage, partition(0))).toContain('is not there')
    expect(reasonOf(emptyImage, changed({}))).toContain('is not there')
    expect(reasonOf(emptyImage, { type: 'RemoveTopicRecord', value: { topicId: uuid(7) } })).toContain(
      'is not there',
    )
    const outcome = apply(emptyImage, [topicRecord, partition(0), topicRecord])
    expect(outcome).toMatchObject({ ok: false, problem: { index: 2, type: 'TopicRecord' } })
    expect(topicByName(emptyImage, 't')).toBeUndefined()
  })

  it('shares what did not change', () => {
    const image = withTopic(withTopic(cluster(null), 'a'), 'b')
    const next = withTopic(image, 'c')
    expect(topicByName(next, 'a')).toBe(topicByName(image, 'a'))
    expect(next.brokers).toBe(image.brokers)
  })
})

describe('apply, brokers', () => {
  it('refuses what was said about another life of a broker', () => {
    const image = cluster(null)
    expect(reasonOf(image, { type: 'FenceBrokerRecord', value: { id: 1, epoch: 99n } })).toContain(
      'has epoch 1',
    )
    expect(reasonOf(image, { type: 'UnfenceBrokerRecord', value: { id: 2, epoch: 1n } })).toBe(
      'broker 2 is not registered',
    )
    expect(
      reasonOf(image, { type: 'UnregisterBrokerRecord', value: { brokerId: 1, brokerEpoch: 2n } }),
    ).toContain('has epoch 1')
  })

  it('fences, unfences and changes directories', () => {
    const image = cluster(null)
    const fenced = fitting(image, [{ type: 'FenceBrokerRecord', value: { id: 1, epoch: 1n } }])
    expect(fenced.delta.brokersChanged).toMatchObject([
      { id: 1, before: { fenced: false }, after: { fenced: true } },
    ])
    const back = applied(fenced.image, [{ type: 'UnfenceBrokerRecord', value: { id: 1, epoch: 1n } }])
    expect(back.brokers.get(1)?.fenced).toBe(false)
    const moved = applied(back, [
      {
        type: 'BrokerRegistrationChangeRecord',
        value: {
          brokerId: 1,
          brokerEpoch: 1n,
          fenced: 0,
          inControlledShutdown: 1,
          logDirs: [uuid(5)],
          cordonedLogDirs: [uuid(5)],
        },
      },
    ])
    expect(moved.brokers.get(1)).toMatchObject({
      fenced: false,
      inControlledShutdown: true,
      directories: [uuid(5)],
      cordonedDirectories: [uuid(5)],
    })
  })

  it('trap 16: never takes producer ids back', () => {
    const record = (nextProducerId: bigint): MetadataRecord => ({
      type: 'ProducerIdsRecord',
      value: { brokerId: 1, brokerEpoch: 1n, nextProducerId },
    })
    const image = applied(emptyImage, [record(1000n)])
    expect(reasonOf(image, record(999n))).toContain('is below 1000')
    expect(fitting(image, [record(2000n)]).delta.producerIdsChanged).toBe(true)
  })
})

describe('apply, settings and security', () => {
  it('keeps each and removes each', () => {
    const scram = {
      name: 'u',
      mechanism: 1,
      salt: Buffer.from('s'),
      storedKey: Buffer.from('k'),
      serverKey: Buffer.from('v'),
      iterations: 4096,
    }
    const acl = {
      id: uuid(3),
      resourceType: 2,
      resourceName: 't',
      patternType: 3,
      principal: 'User:u',
      host: '*',
      operation: 3,
      permissionType: 3,
    }
    const entity = [
      { entityType: 'user', entityName: null },
      { entityType: 'client-id', entityName: 'c' },
    ]
    const token = {
      owner: 'User:u',
      requester: 'User:u',
      renewers: [],
      issueTimestamp: 1n,
      maxTimestamp: 2n,
      expirationTimestamp: 2n,
      tokenId: 'x',
    }
    const made = fitting(emptyImage, [
      { type: 'UserScramCredentialRecord', value: scram },
      { type: 'UserScramCredentialRecord', value: { ...scram, mechanism: 2 } },
      { type: 'AccessControlEntryRecord', value: acl },
      { type: 'ClientQuotaRecord', value: { entity, key: 'producer_byte_rate', value: 5, remove: false } },
      { type: 'DelegationTokenRecord', value: token },
      { type: 'ConfigRecord', value: { resourceType: 32, resourceName: 'g', name: 'a', value: 'b' } },
      { type: 'FeatureLevelRecord', value: { name: 'metadata.version', featureLevel: 30 } },
    ])
    expect(made.image.scramUsers.size).toBe(2)
    expect(made.delta).toMatchObject({
      aclsChanged: true,
      scramUsersChanged: true,
      delegationTokensChanged: true,
    })
    expect(made.delta.quotasChanged).toHaveLength(1)
    expect(configsOf(made.image, { type: 32, name: 'g' }).get('a')).toBe('b')
    const gone = applied(made.image, [
      { type: 'RemoveUserScramCredentialRecord', value: { name: 'u', mechanism: 1 } },
      { type: 'RemoveUserScramCredentialRecord', value: { name: 'u', mechanism: 2 } },
      { type: 'RemoveAccessControlEntryRecord', value: { id: uuid(3) } },
      {
        type: 'ClientQuotaRecord',
        value: { entity: entity.toReversed(), key: 'producer_byte_rate', value: 0, remove: true },
      },
      { type: 'RemoveDelegationTokenRecord', value: { tokenId: 'x' } },
      { type: 'ConfigRecord', value: { resourceType: 32, resourceName: 'g', name: 'a', value: null } },
      { type: 'FeatureLevelRecord', value: { name: 'metadata.version', featureLevel: 0 } },
    ])
    expect(plain(gone)).toEqual(plain(emptyImage))
  })

  it('says nothing of what changed and changed back', () => {
    const config = (value: string | null): MetadataRecord => ({
      type: 'ConfigRecord',
      value: { resourceType: 2, resourceName: 't', name: 'a', value },
    })
    expect(isEmptyDelta(fitting(emptyImage, [config('1'), config(null)]).delta)).toBe(true)
    expect(isEmptyDelta(fitting(emptyImage, [{ type: 'NoOpRecord', value: {} }]).delta)).toBe(true)
  })
})

describe('apply, transactions (KIP-868)', () => {
  const begin: MetadataRecord = { type: 'BeginTransactionRecord', value: { name: 'x' } }
  const end: MetadataRecord = { type: 'EndTransactionRecord', value: {} }
  const abort: MetadataRecord = { type: 'AbortTransactionRecord', value: { reason: null } }

  it('shows nothing before the end, over several calls', () => {
    const open = fitting(emptyImage, [begin, topicRecord])
    expect(isEmptyDelta(open.delta)).toBe(true)
    const more = fitting(open.image, [partition(0)])
    expect(topicByName(more.image, 't')).toBeUndefined()
    const done = fitting(more.image, [end])
    expect(done.delta.topicsCreated).toHaveLength(1)
    expect(topicByName(done.image, 't')?.partitions.size).toBe(1)
    expect(done.image.openTransaction).toBeNull()
  })

  it('drops what was aborted', () => {
    expect(plain(applied(emptyImage, [begin, topicRecord, abort]))).toEqual(plain(emptyImage))
  })

  it('refuses transactions that do not pair', () => {
    expect(reasonOf(emptyImage, end)).toBe('no transaction is open')
    expect(reasonOf(emptyImage, abort)).toBe('no transaction is open')
    expect(reasonOf(emptyImage, begin, begin)).toBe('a transaction is open already')
    expect(reasonOf(emptyImage, begin, partition(0), end)).toContain('PartitionRecord in it')
  })
})

describe('snapshotRecords', () => {
  it('rebuilds an image of everything', () => {
    let image = withTopic(withTopic(cluster('a', null), 'x.y', { configs: { 'retention.ms': '5' } }), 'z', {
      partitions: 40,
    })
    image = applied(image, [
      { type: 'ProducerIdsRecord', value: { brokerId: 1, brokerEpoch: 1n, nextProducerId: 1000n } },
      {
        type: 'ClientQuotaRecord',
        value: {
          entity: [{ entityType: 'ip', entityName: null }],
          key: 'connection_creation_rate',
          value: 5,
          remove: false,
        },
      },
      {
        type: 'RegisterControllerRecord',
        value: {
          controllerId: 1,
          incarnationId: uuid(1),
          zkMigrationReady: false,
          endPoints: [],
          features: [],
        },
      },
    ])
    const rebuilt = applied(emptyImage, [...snapshotRecords(image)])
    expect(plain(rebuilt)).toEqual(plain(image))
  })
})
