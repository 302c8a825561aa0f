import { describe, expect, it } from 'vitest'
import { apply } from '../../../src/coordination/metadata/apply.ts'
import { isEmptyDelta, type MetadataDelta } from '../../../src/coordination/metadata/delta.ts'
import { emptyImage, type MetadataImage } from '../../../src/coordination/metadata/image.ts'
import { deltaBetween } from '../../../src/coordination/metadata/image-delta.ts'
import type { MetadataRecord } from '../../../src/coordination/metadata/record.ts'
import { snapshotRecords } from '../../../src/coordination/metadata/snapshot.ts'

const ID = (letter: string): string => `${letter.repeat(21)}A`

const topic = (name: string, id: string): MetadataRecord => ({
  type: 'TopicRecord',
  value: { name, topicId: id },
})

const partition = (topicId: string, partitionId: number, leader = 1): MetadataRecord => ({
  type: 'PartitionRecord',
  value: {
    partitionId,
    topicId,
    replicas: [1, 2],
    isr: [1, 2],
    removingReplicas: [],
    addingReplicas: [],
    leader,
    leaderRecoveryState: 0,
    leaderEpoch: 0,
    partitionEpoch: 0,
    directories: [ID('d'), ID('e')],
    eligibleLeaderReplicas: null,
    lastKnownElr: null,
  },
})

/** Its second replica leads, with another ISR where one is given. */
const change = (topicId: string, partitionId: number, isr: readonly number[] | null): MetadataRecord => ({
  type: 'PartitionChangeRecord',
  value: {
    partitionId,
    topicId,
    isr: isr === null ? null : [...isr],
    leader: 2,
    replicas: null,
    removingReplicas: null,
    addingReplicas: null,
    leaderRecoveryState: -1,
    directories: null,
    eligibleLeaderReplicas: null,
    lastKnownElr: null,
  },
})

const broker = (brokerId: number, brokerEpoch: bigint): MetadataRecord => ({
  type: 'RegisterBrokerRecord',
  value: {
    brokerId,
    isMigratingZkBroker: false,
    incarnationId: ID('i'),
    brokerEpoch,
    endPoints: [{ name: 'PLAINTEXT', host: 'h', port: 9092, securityProtocol: 0 }],
    features: [],
    rack: null,
    fenced: false,
    inControlledShutdown: false,
    logDirs: [],
    cordonedLogDirs: null,
  },
})

const config = (resourceName: string, value: string | null): MetadataRecord => ({
  type: 'ConfigRecord',
  value: { resourceType: 2, resourceName, name: 'retention.ms', value },
})

const feature = (name: string, featureLevel: number): MetadataRecord => ({
  type: 'FeatureLevelRecord',
  value: { name, featureLevel },
})

const producerIds = (nextProducerId: bigint): MetadataRecord => ({
  type: 'ProducerIdsRecord',
  value: { brokerId: 1, brokerEpoch: 5n, nextProducerId },
})

function appliedTo(
  image: MetadataImage,
  records: readonly MetadataRecord[],
): { image: MetadataImage; delta: MetadataDelta } {
  const result = apply(image, records)
  if (!result.ok) throw new Error(JSON.stringify(result.problem))
  return result
}

/** The same image from its own records: equal, and no object of it the same. */
const rebuilt = (image: MetadataImage): MetadataImage =>
  appliedTo(emptyImage, [...snapshotRecords(image)]).image

/** In an order that does not tell how it was made. */
function sorted(delta: MetadataDelta): unknown {
  const byText = (a: unknown, b: unknown): number => (text(a) < text(b) ? -1 : 1)
  const text = (value: unknown): string =>
    JSON.stringify(value, (_key, inner) => (typeof inner === 'bigint' ? String(inner) : inner))
  return Object.fromEntries(
    Object.entries(delta).map(([key, part]) => [
      key,
      Array.isArray(part) ? part.map(text).sort(byText) : part,
    ]),
  )
}

const base = appliedTo(emptyImage, [
  feature('metadata.version', 30),
  broker(1, 5n),
  broker(2, 6n),
  topic('a', ID('a')),
  partition(ID('a'), 0),
  partition(ID('a'), 1),
  topic('b', ID('b')),
  partition(ID('b'), 0),
  config('a', '1'),
  config('b', '2'),
  producerIds(1_000n),
]).image

describe('the delta between two images', () => {
  it('is empty between equal ones, however each was made', () => {
    expect(isEmptyDelta(deltaBetween(base, base))).toBe(true)
    expect(isEmptyDelta(deltaBetween(base, rebuilt(base)))).toBe(true)
    expect(isEmptyDelta(deltaBetween(emptyImage, emptyImage))).toBe(true)
  })

  it('tells everything to who has nothing', () => {
    expect(sorted(deltaBetween(emptyImage, base))).toEqual(
      sorted(appliedTo(emptyImage, [...snapshotRecords(base)]).delta),
    )
  })

  const changes: readonly (readonly [string, readonly MetadataRecord[]])[] = [
    ['a topic that came', [topic('c', ID('c')), partition(ID('c'), 0)]],
    ['a topic that went', [{ type: 'RemoveTopicRecord', value: { topicId: ID('a') } }]],
    [
      'a topic that was made anew under its name',
      [
        { type: 'RemoveTopicRecord', value: { topicId: ID('a') } },
        topic('a', ID('z')),
        partition(ID('z'), 0),
      ],
    ],
    ['a partition that came', [partition(ID('b'), 1)]],
    ['a leader that changed', [change(ID('a'), 1, null)]],
    ['an ISR that shrank', [change(ID('b'), 0, [2])]],
    ['configs', [config('a', null), config('b', '3'), config('c', '4')]],
    ['a broker that was fenced', [{ type: 'FenceBrokerRecord', value: { id: 1, epoch: 5n } }]],
    ['a broker that came', [broker(3, 9n)]],
    ['a feature', [feature('group.version', 1)]],
    ['producer ids', [producerIds(2_000n)]],
    [
      'a quota',
      [
        {
          type: 'ClientQuotaRecord',
          value: {
            entity: [{ entityType: 'user', entityName: 'u' }],
            key: 'producer_byte_rate',
            value: 7,
            remove: false,
          },
        },
      ],
    ],
  ]

  it.each(changes)('tells of %s what the records told', (_what, records) => {
    const { image, delta } = appliedTo(base, records)
    expect(isEmptyDelta(delta)).toBe(false)
    expect(sorted(deltaBetween(base, image))).toEqual(sorted(delta))
    // A snapshot shares no object with what it replaces.
    expect(sorted(deltaBetween(base, rebuilt(image)))).toEqual(sorted(delta))
  })
})
