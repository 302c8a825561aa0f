/** Random commands: replaying their records, at once or from a snapshot, gives the image that live deciding had. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideAllocateProducerIds } from '../../../src/coordination/metadata/decide/allocate-producer-ids.ts'
import { decideBrokerHeartbeat } from '../../../src/coordination/metadata/decide/broker-heartbeat.ts'
import { decideCreatePartitions } from '../../../src/coordination/metadata/decide/create-partitions.ts'
import { decideDeleteTopics } from '../../../src/coordination/metadata/decide/delete-topics.ts'
import { decideFenceBroker } from '../../../src/coordination/metadata/decide/fence-broker.ts'
import { decideIncrementalAlterConfigs } from '../../../src/coordination/metadata/decide/incremental-alter-configs.ts'
import { decideRegisterBroker } from '../../../src/coordination/metadata/decide/register-broker.ts'
import { emptyImage, type MetadataImage } from '../../../src/coordination/metadata/image.ts'
import type { MetadataRecord } from '../../../src/coordination/metadata/record.ts'
import { snapshotRecords } from '../../../src/coordination/metadata/snapshot.ts'
import {
  applied,
  CLUSTER_ID,
  cluster,
  creation,
  heartbeat,
  node,
  plain,
  registration,
  requestedTopic,
  uuid,
  withTopic,
} from './support.ts'

type Command = readonly [kind: number, topic: number, broker: number, size: number]

const names = ['a', 'b.c', 'b_c', 'd', 'bad name!']

function recordsOf(image: MetadataImage, command: Command, offset: bigint): readonly MetadataRecord[] {
  const [kind, topic, broker, size] = command
  const name = names[topic] ?? 'a'
  const epoch = image.brokers.get(broker)?.epoch ?? -1n
  switch (kind) {
    case 0:
    case 1:
      return creation(image, [requestedTopic(name, { partitions: size, factor: 1 + (size % 3) })]).records
    case 2:
      return decideDeleteTopics(
        image,
        { topics: [{ name, topicId: uuid(0) }], topicNames: [], timeoutMs: 0 },
        node,
      ).records
    case 3: {
      const topics = [{ name, count: size + 2, assignments: null }]
      return decideCreatePartitions(image, { topics, timeoutMs: 0, validateOnly: false }).records
    }
    case 4: {
      const configs = [{ name: 'retention.ms', configOperation: size % 2, value: `${size}` }]
      const resources = [{ resourceType: 2, resourceName: name, configs }]
      return decideIncrementalAlterConfigs(image, { resources, validateOnly: false }, node).records
    }
    case 5:
      return decideFenceBroker(image, { brokerId: broker, brokerEpoch: epoch }, node).records
    case 6:
      return decideBrokerHeartbeat(image, heartbeat(broker, epoch, { shutDown: size === 1 }), node).records
    case 7: {
      const context = {
        clusterId: CLUSTER_ID,
        nextOffset: offset,
        hasLiveSession: false,
        relaxesFlushing: false,
        ...node,
      }
      return decideRegisterBroker(image, registration(broker, size), context).records
    }
    default:
      return decideAllocateProducerIds(image, { brokerId: broker, brokerEpoch: epoch }).records
  }
}

describe('histories of commands', () => {
  it('rebuild the same image from the log, and from a snapshot', () => {
    const command = fc.tuple(
      fc.nat(8),
      fc.nat(4),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 5 }),
    )
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60, size: 'max' }), (commands) => {
        const start = cluster('x', 'y', null)
        const log: MetadataRecord[] = []
        let live = start
        for (const next of commands) {
          const records = recordsOf(live, next, BigInt(100 + log.length))
          log.push(...records)
          live = applied(live, records)
          for (const topic of live.topics.values()) {
            for (const partition of topic.partitions.values()) {
              const { leader, isr, replicas, eligibleLeaderReplicas } = partition
              expect(isr.length + eligibleLeaderReplicas.length).toBeGreaterThan(0)
              expect(isr.every((id) => replicas.includes(id))).toBe(true)
              if (leader >= 0) expect(isr).toContain(leader)
            }
          }
        }
        expect(plain(applied(start, log))).toEqual(plain(live))
        expect(plain(applied(emptyImage, [...snapshotRecords(live)]))).toEqual(plain(live))
      }),
      { numRuns: 60 },
    )
  })

  it('stays cheap when ten thousand topics are created one by one', () => {
    let image = cluster(null, null, null)
    const started = performance.now()
    for (let n = 0; n < 10_000; n++) image = withTopic(image, `topic-${n}`, { factor: 3 })
    const elapsedMs = performance.now() - started
    expect(image.topics.size).toBe(10_000)
    // Measured 0.4 s; an image copied whole for each topic takes minutes.
    expect(elapsedMs).toBeLessThan(10_000)
  })
})
