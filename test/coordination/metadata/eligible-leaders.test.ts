/** Eligible leader replicas (KIP-966) told as histories of a cluster: who dies, who comes back, who leads then. */
import { describe, expect, it } from 'vitest'
import { decideAlterPartition } from '../../../src/coordination/metadata/decide/alter-partition.ts'
import { decideBrokerHeartbeat } from '../../../src/coordination/metadata/decide/broker-heartbeat.ts'
import { decideFenceBroker } from '../../../src/coordination/metadata/decide/fence-broker.ts'
import { decideIncrementalAlterConfigs } from '../../../src/coordination/metadata/decide/incremental-alter-configs.ts'
import { decideRegisterBroker } from '../../../src/coordination/metadata/decide/register-broker.ts'
import { decideUpdateFeatures } from '../../../src/coordination/metadata/decide/update-features.ts'
import { configsOf, type MetadataImage, topicByName } from '../../../src/coordination/metadata/image.ts'
import {
  applied,
  CLUSTER_ID,
  cluster,
  heartbeat,
  node,
  registration,
  uuid,
  withoutEligible,
  withTopic,
} from './support.ts'

interface ReturnOptions {
  readonly clean?: boolean
  readonly relaxed?: boolean
  readonly newDisk?: boolean
}

/** Three brokers with one partition of three replicas, and what happens to them. */
class History {
  image: MetadataImage
  #next = 100

  constructor(configs: Readonly<Record<string, string>>, image = cluster(null, null, null)) {
    this.image = withTopic(image, 't', { assignments: [[1, 2, 3]], configs })
  }

  /** Leader, ISR, eligible and last-known replicas; `!` where the data was recovered uncleanly. */
  get state(): string {
    const partition = topicByName(this.image, 't')?.partitions.get(0)
    if (partition === undefined) throw new Error('no partition')
    const { leader, isr, eligibleLeaderReplicas: eligible, lastKnownEligibleLeaderReplicas: last } = partition
    const mark = partition.leaderRecoveryState === 1 ? '!' : ''
    return `${leader}${mark} [${isr}] elr [${eligible}] last [${last}]`
  }

  #epoch(broker: number): bigint {
    return this.image.brokers.get(broker)?.epoch ?? -1n
  }

  fence(...brokers: readonly number[]): string {
    for (const brokerId of brokers) {
      const command = { brokerId, brokerEpoch: this.#epoch(brokerId) }
      this.image = applied(this.image, decideFenceBroker(this.image, command, node).records)
    }
    return this.state
  }

  /** Another process of the broker registers. */
  register(broker: number, { clean = false, relaxed = false, newDisk = false }: ReturnOptions = {}): string {
    const nextOffset = BigInt(this.#next++)
    const request = {
      ...registration(broker, Number(nextOffset)),
      previousBrokerEpoch: clean ? this.#epoch(broker) : -1n,
      ...(newDisk && { logDirs: [uuid(Number(nextOffset))] }),
    }
    const context = {
      clusterId: CLUSTER_ID,
      nextOffset,
      hasLiveSession: false,
      relaxesFlushing: relaxed,
      ...node,
    }
    const { records, reply } = decideRegisterBroker(this.image, request, context)
    expect(reply.errorCode).toBe(0)
    this.image = applied(this.image, records)
    return this.state
  }

  unfence(broker: number): string {
    const beat = heartbeat(broker, this.#epoch(broker))
    this.image = applied(this.image, decideBrokerHeartbeat(this.image, beat, node).records)
    return this.state
  }

  /** The leader tells who is in sync. */
  inSync(isr: readonly number[], lost: readonly number[] = []): string {
    const topic = topicByName(this.image, 't')
    const partition = topic?.partitions.get(0)
    if (topic === undefined || partition === undefined) throw new Error('no partition')
    const { leaderEpoch, partitionEpoch, leader } = partition
    const newIsrWithEpochs = isr.map((brokerId) => ({ brokerId, brokerEpoch: this.#epoch(brokerId) }))
    const asked = {
      partitionIndex: 0,
      leaderEpoch,
      newIsr: [],
      newIsrWithEpochs,
      leaderRecoveryState: 0,
      partitionEpoch,
    }
    const topics = [{ topicId: topic.id, partitions: [asked] }]
    const request = { brokerId: leader, brokerEpoch: this.#epoch(leader), topics }
    this.image = applied(
      this.image,
      decideAlterPartition(this.image, request, { ...node, lostBy: () => lost }).records,
    )
    return this.state
  }

  set(resourceType: number, resourceName: string, name: string, value: string): string {
    const configs = [{ name, configOperation: 0, value }]
    const request = { resources: [{ resourceType, resourceName, configs }], validateOnly: false }
    const asked = { ...node, nodeId: Number(resourceName) || 1 }
    const { records, reply } = decideIncrementalAlterConfigs(this.image, request, asked)
    expect(reply.responses[0]?.errorMessage).toBeNull()
    this.image = applied(this.image, records)
    return this.state
  }

  level(maxVersionLevel: number): readonly unknown[] {
    const feature = 'eligible.leader.replicas.version'
    const upgradeType = maxVersionLevel === 0 ? 2 : 1
    const featureUpdates = [{ feature, maxVersionLevel, upgradeType, allowDowngrade: false }]
    const request = { timeoutMs: 0, validateOnly: false, featureUpdates }
    const { records } = decideUpdateFeatures(this.image, request, node, 2)
    this.image = applied(this.image, records)
    return records.map(({ value }) => value)
  }
}

const MIN_2 = { 'min.insync.replicas': '2' }

describe('all three killed at once', () => {
  const orders = [
    [1, 2, 3],
    [1, 3, 2],
    [2, 1, 3],
    [2, 3, 1],
    [3, 1, 2],
    [3, 2, 1],
  ]

  it.each(orders)(
    'back as %i, %i, %i: somebody with the data leads, and nobody is a recovery',
    (...order) => {
      for (const min of ['1', '2', '3']) {
        const cut = new History({ 'min.insync.replicas': min })
        for (const broker of order) {
          cut.register(broker)
          cut.unfence(broker)
        }
        expect(cut.state).toMatch(/^[123] \[/)
      }
    },
  )

  it.each(orders)('fenced one after the other, then back as %i, %i, %i', (...order) => {
    const cut = new History(MIN_2)
    expect(cut.fence(1, 2, 3)).toBe('-1 [] elr [2,3] last [3]')
    const leaders = order.map((broker) => {
      cut.register(broker)
      return cut.unfence(broker)[0]
    })
    // Broker 1 left while the ISR was large enough, so that others may have more: it alone leads nothing.
    expect(leaders[0]).toBe(order[0] === 1 ? '-' : String(order[0]))
    expect(leaders[1]).not.toBe('-')
  })

  it('leads again as soon as one of two that were enough is back, where Kafka waits for the last', () => {
    const cut = new History(MIN_2)
    expect(cut.register(2)).toBe('1 [1,3] elr [] last []')
    expect(cut.fence(1)).toBe('3 [3] elr [1] last []')
    expect(cut.fence(3)).toBe('-1 [] elr [1,3] last [3]')
    expect(cut.unfence(2)).toBe('-1 [] elr [1,3] last [3]')
    expect(cut.register(1)).toBe('-1 [] elr [1,3] last [3]')
    expect(cut.unfence(1)).toBe('1 [1] elr [3] last []')
    expect(cut.inSync([1, 2])).toBe('1 [1,2] elr [] last []')
  })
})

describe('an unclean stop', () => {
  it('costs nothing where records were synced before they were acknowledged', () => {
    const history = new History(MIN_2)
    history.fence(1, 2)
    expect(history.register(2)).toBe('3 [3] elr [2] last []')
  })

  it.each([
    ['the topic', (history: History) => history.set(2, 't', 'flush.messages', '1000')],
    ['the broker', (history: History) => history.set(4, '2', 'log.flush.interval.ms', '1000')],
    ['the cluster', (history: History) => history.set(4, '', 'log.flush.interval.messages', '1000')],
  ])('makes nobody eligible where %s relaxes flushing, as with Kafka', (_, relax) => {
    const history = new History(MIN_2)
    relax(history)
    history.fence(1, 2)
    expect(history.state).toBe('3 [3] elr [2] last []')
    expect(history.register(2)).toBe('3 [3] elr [] last []')
  })

  it("makes nobody eligible where the broker's file relaxes flushing; a clean one does", () => {
    const history = new History(MIN_2)
    history.fence(1, 2)
    expect(history.register(2, { clean: true, relaxed: true })).toBe('3 [3] elr [2] last []')
    expect(history.register(2, { relaxed: true })).toBe('3 [3] elr [] last []')
  })

  it('of all, with relaxed flushing, is recovered by who led last, and recorded so', () => {
    const history = new History({ ...MIN_2, 'flush.ms': '1000' })
    history.fence(1, 2, 3)
    for (const broker of [1, 2, 3]) history.register(broker)
    expect(history.state).toBe('-1 [] elr [] last [3]')
    expect(history.unfence(2)).toBe('-1 [] elr [] last [3]')
    expect(history.unfence(3)).toBe('3! [3] elr [] last []')
  })
})

describe('a new disk', () => {
  it('is never eligible, and never overrules those that were out of sync', () => {
    const history = new History(MIN_2)
    history.fence(1, 2, 3)
    expect(history.register(3, { newDisk: true })).toBe('-1 [] elr [2] last []')
    expect(history.unfence(3)).toBe('-1 [] elr [2] last []')
    history.register(2)
    expect(history.unfence(2)).toBe('2 [2] elr [] last []')
  })
})

describe('a follower that lost its log', () => {
  it('is not eligible, whether it was in sync or not any more', () => {
    const history = new History(MIN_2)
    history.fence(3)
    expect(history.inSync([1], [2])).toBe('1 [1] elr [] last []')
    const later = new History(MIN_2)
    later.fence(3, 2)
    expect(later.state).toBe('1 [1] elr [2] last []')
    expect(later.inSync([1], [2])).toBe('1 [1] elr [] last []')
  })
})

describe('a leader that gives up', () => {
  it('is not eligible: its log is damaged', () => {
    const history = new History(MIN_2)
    history.fence(3)
    expect(history.inSync([2])).toBe('2 [2] elr [] last []')
  })
})

describe('the feature', () => {
  it('gives the cluster a min.insync.replicas of its own, and takes those of brokers away', () => {
    const history = new History({}, withoutEligible(cluster(null, null, null)))
    const cleared = { resourceType: 4, resourceName: '', name: 'min.insync.replicas', value: null }
    history.image = applied(history.image, [{ type: 'ConfigRecord', value: cleared }])
    history.set(4, '2', 'min.insync.replicas', '2')
    expect(history.level(1)).toEqual([
      { resourceType: 4, resourceName: '', name: 'min.insync.replicas', value: '1' },
      { resourceType: 4, resourceName: '2', name: 'min.insync.replicas', value: null },
      { name: 'eligible.leader.replicas.version', featureLevel: 1 },
    ])
    expect([...configsOf(history.image, { type: 4, name: '2' })]).toEqual([])
  })

  it('forgets who was eligible when it is taken back', () => {
    const history = new History(MIN_2)
    expect(history.fence(1, 2)).toBe('3 [3] elr [2] last []')
    expect(history.level(0)).toEqual([{ name: 'eligible.leader.replicas.version', featureLevel: 0 }])
    expect(history.state).toBe('3 [3] elr [] last []')
    expect(history.fence(3)).toBe('-1 [3] elr [] last []')
  })

  it('forgets only who lacks what is committed once fewer must be in sync', () => {
    const history = new History({ 'min.insync.replicas': '3' })
    expect(history.fence(3)).toBe('1 [1,2] elr [3] last []')
    expect(history.set(2, 't', 'min.insync.replicas', '2')).toBe('1 [1,2] elr [] last []')
    const leaderless = new History(MIN_2)
    leaderless.fence(1, 2, 3)
    expect(leaderless.set(4, '', 'min.insync.replicas', '2')).toBe('-1 [] elr [2,3] last [3]')
  })
})
