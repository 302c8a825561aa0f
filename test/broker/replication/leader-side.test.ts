/** What a leader tells followers, producers and consumers: over real handlers on a network and a clock in memory. */
import { afterEach, describe, expect, it } from 'vitest'
import { nearestReplica } from '../../../src/broker/fetch/nearest-replica.ts'
import { throttledPartitions } from '../../../src/broker/replication/replication-throttle.ts'
import { deleteRecords } from '../../../src/protocol/messages/delete-records.ts'
import { listOffsets } from '../../../src/protocol/messages/list-offsets.ts'
import { offsetForLeaderEpoch } from '../../../src/protocol/messages/offset-for-leader-epoch.ts'
import { ReplicaCluster } from './replica-cluster.ts'
import { fetchFrom, produceTo } from './replication-requests.ts'

const RACK_AWARE = 'org.apache.kafka.common.replica.RackAwareReplicaSelector'

let cluster: ReplicaCluster | null = null

async function start(options: Parameters<typeof ReplicaCluster.start>[0] = {}): Promise<ReplicaCluster> {
  cluster = await ReplicaCluster.start(options)
  return cluster
}

afterEach(async () => {
  await cluster?.stop()
  cluster = null
})

/** One follower's fetches by hand: its own fetcher is kept away. */
async function byHand(): Promise<ReplicaCluster> {
  const made = await start({ assignments: [[1, 2]], racks: [null, null] })
  made.network.part('host-1', 'host-2')
  await made.run(10)
  return made
}

describe('a fetch of a replica', () => {
  it('goes to the end of the log, and says that the follower has what lies before', async () => {
    const made = await byHand()
    const client = await made.connect(1)
    const produced = produceTo(client, made.topicId, { count: 4 })
    const other = await made.connect(1)
    const replica = { id: 2, epoch: 2n }
    await made.run(10)
    const first = await made.settle(fetchFrom(other, made.topicId, { replica, leaderEpoch: 0 }))
    expect(first.part).toMatchObject({ errorCode: 0, highWatermark: 0n })
    expect(first.part?.records?.length).toBeGreaterThan(0)
    const consumer = await made.settle(fetchFrom(other, made.topicId))
    expect(consumer.part?.records?.length ?? 0).toBe(0)
    const at = { replica, leaderEpoch: 0, offset: 4, lastFetchedEpoch: 0 }
    const second = await made.settle(fetchFrom(other, made.topicId, at))
    expect(second.part).toMatchObject({ errorCode: 0, highWatermark: 4n })
    expect((await made.settle(produced)).errorCode).toBe(0)
  })

  it('gets nothing when it is in sync and has lost what is committed, until the quorum has decided', async () => {
    const made = await byHand()
    const client = await made.connect(1)
    await made.settle(produceTo(client, made.topicId, { count: 2, acks: 1 }))
    await made.settle(produceTo(client, made.topicId, { count: 2, acks: 1 }))
    const fetchAt = async (offset: number) => {
      const at = { replica: { id: 2, epoch: 2n }, leaderEpoch: 0, offset, lastFetchedEpoch: 0 }
      return (await made.settle(fetchFrom(client, made.topicId, at))).part
    }
    expect(await fetchAt(4)).toMatchObject({ errorCode: 0, highWatermark: 4n })
    const lost = await fetchAt(2)
    expect([lost?.errorCode, lost?.records?.length ?? 0]).toEqual([107, 0])
    await made.run(100)
    expect(made.node(1).partition().assigned.isr).toEqual([1])
    expect(await fetchAt(2)).toMatchObject({ errorCode: 0, highWatermark: 4n })
  })

  it('is refused as Kafka refuses it', async () => {
    const made = await byHand()
    const client = await made.connect(1)
    const codes = async (options: Parameters<typeof fetchFrom>[2]) => {
      const { answer, part } = await made.settle(fetchFrom(client, made.topicId, options))
      return [answer.errorCode, part?.errorCode]
    }
    // A node that does not exist, or the leader itself.
    expect(await codes({ replica: { id: 7, epoch: 7n } })).toEqual([31, undefined])
    expect(await codes({ replica: { id: 1, epoch: 1n } })).toEqual([31, undefined])
    // An earlier life of that broker (KIP-903).
    expect(await codes({ replica: { id: 2, epoch: 1n }, leaderEpoch: 0 })).toEqual([0, 6])
    expect(await codes({ replica: { id: 2, epoch: 2n }, leaderEpoch: 3 })).toEqual([0, 75])
    made.elect(1)
    expect(await codes({ replica: { id: 2, epoch: 2n }, leaderEpoch: 0 })).toEqual([0, 74])
    expect(await codes({ replica: { id: 2, epoch: 2n }, leaderEpoch: 1, offset: 9 })).toEqual([0, 1])
  })

  it('of one that is no replica of the partition: its leader epoch is not known yet', async () => {
    const made = await start({ assignments: [[1, 2]] })
    const client = await made.connect(1)
    const replica = { id: 3, epoch: 3n }
    const fetched = await made.settle(fetchFrom(client, made.topicId, { replica, leaderEpoch: 0 }))
    expect(fetched.part?.errorCode).toBe(75)
    const older = await made.settle(fetchFrom(client, made.topicId, { replica }))
    expect(older.part?.errorCode).toBe(6)
  })

  it('is told where its history parts from the leader’s', async () => {
    const made = await byHand()
    const client = await made.connect(1)
    await made.settle(produceTo(client, made.topicId, { count: 4, acks: 1 }))
    made.elect(1)
    await made.settle(produceTo(client, made.topicId, { count: 2, acks: 1 }))
    const at = { replica: { id: 2, epoch: 2n }, leaderEpoch: 1, offset: 5, lastFetchedEpoch: 0 }
    const { part } = await made.settle(fetchFrom(client, made.topicId, at))
    expect(part).toMatchObject({ errorCode: 0, divergingEpoch: { epoch: 0, endOffset: 4n } })
    // Nothing is believed of a position that is none.
    expect(made.node(1).partition().log.highWatermark).toBe(0)
  })

  it('is told the high watermark again when it has cut its log: beside where to cut it heard nothing', async () => {
    const made = await byHand()
    const client = await made.connect(1)
    await made.settle(produceTo(client, made.topicId, { count: 4, acks: 1 }))
    // The follower led for a moment, and appended nothing.
    made.elect(2)
    made.elect(1)
    const at = { replica: { id: 2, epoch: 2n }, leaderEpoch: 2, offset: 4, maxWaitMs: 30_000 }
    const ask = (lastFetchedEpoch: number, id: number, epoch: number) =>
      made.settle(
        fetchFrom(client, made.topicId, {
          ...at,
          lastFetchedEpoch,
          session: { id, epoch, names: true },
        }),
      )
    await ask(0, 0, -1)
    const { answer, part: parted } = await ask(1, 0, 0)
    expect(parted).toMatchObject({ highWatermark: 4n, divergingEpoch: { epoch: 0, endOffset: 4n } })
    const beganMs = made.clock.nowMs
    const { part } = await ask(0, answer.sessionId, 1)
    expect(part).toMatchObject({ errorCode: 0, highWatermark: 4n, divergingEpoch: { endOffset: -1n } })
    expect(made.clock.nowMs - beganMs).toBeLessThan(1_000)
  })

  it('that waits makes way for another request on its connection', async () => {
    const made = await byHand()
    const client = await made.connect(1)
    const options = { replica: { id: 2, epoch: 2n }, leaderEpoch: 0, maxWaitMs: 30_000 }
    const first = await made.settle(
      fetchFrom(client, made.topicId, { ...options, session: { id: 0, epoch: 0 } }),
    )
    const session = { id: first.answer.sessionId, epoch: 1 }
    let answered = false
    const parked = fetchFrom(client, made.topicId, { ...options, session }).then(() => {
      answered = true
    })
    await made.run(1_000)
    expect(answered).toBe(false)
    const next = fetchFrom(client, made.topicId)
    expect(await made.until(() => answered)).toBeLessThan(10)
    await made.settle(Promise.all([parked, next]))
  })
})

describe('producers', () => {
  it('too few in sync: refused before the append with 19, told after it with 20', async () => {
    const made = await start({ settings: { 'min.insync.replicas': '2', 'replica.lag.time.max.ms': '2000' } })
    const client = await made.connect(1)
    made.network.part('host-1', 'host-2')
    made.network.part('host-1', 'host-3')
    const produced = made.settle(produceTo(client, made.topicId))
    expect((await produced).errorCode).toBe(20)
    expect(made.assigned().isr).toEqual([1])
    expect(made.node(1).partition().log.highWatermark).toBe(0)
    expect((await made.settle(produceTo(client, made.topicId))).errorCode).toBe(19)
    expect((await made.settle(produceTo(client, made.topicId, { acks: 1 }))).errorCode).toBe(0)
    expect(made.node(1).metric('kafka_server_replicamanager_underminisrpartitioncount')).toBe(1)
    made.network.join('host-1', 'host-2')
    await made.until(() => made.node(1).partition().log.highWatermark === 2)
    expect((await made.settle(produceTo(client, made.topicId))).errorCode).toBe(0)
    expect(made.node(1).metric('kafka_server_replicamanager_underreplicatedpartitions')).toBe(1)
    expect(made.node(1).metric('kafka_server_replicamanager_isrshrinks_total')).toBe(1)
    expect(made.node(1).metric('kafka_server_replicamanager_isrexpands_total')).toBe(1)
  })

  it('are turned away by a follower, and by a leader that was deposed while they waited', async () => {
    const made = await start()
    const follower = await made.connect(2)
    expect((await made.settle(produceTo(follower, made.topicId))).errorCode).toBe(6)
    made.network.part('host-1', 'host-2')
    const leader = await made.connect(1)
    const waiting = produceTo(leader, made.topicId)
    await made.run(20)
    made.elect(2)
    expect((await made.settle(waiting)).errorCode).toBe(6)
    expect((await made.settle(produceTo(leader, made.topicId))).errorCode).toBe(6)
  })
})

describe('a sequence that leaves a gap', () => {
  const sequenced = (baseSequence: number) => ({
    producer: { producerId: 9n, producerEpoch: 0, baseSequence },
  })

  it('is refused for good by a leader whose followers keep asking it', async () => {
    const made = await start()
    const client = await made.connect(1)
    expect((await made.settle(produceTo(client, made.topicId, sequenced(0)))).errorCode).toBe(0)
    await made.run(5_000)
    expect((await made.settle(produceTo(client, made.topicId, sequenced(7)))).errorCode).toBe(45)
  })

  it('is sent elsewhere by one that may have been deposed, whose successor may know what lies between', async () => {
    const made = await start()
    const client = await made.connect(1)
    expect((await made.settle(produceTo(client, made.topicId, sequenced(0)))).errorCode).toBe(0)
    made.network.part('host-1', 'host-2')
    await made.run(5_000)
    expect((await made.settle(produceTo(client, made.topicId, sequenced(7)))).errorCode).toBe(6)
  })

  it('is judged by a replica that is alone as it is', async () => {
    const made = await start({ assignments: [[1]], racks: [null] })
    const client = await made.connect(1)
    expect((await made.settle(produceTo(client, made.topicId, sequenced(0)))).errorCode).toBe(0)
    expect((await made.settle(produceTo(client, made.topicId, sequenced(7)))).errorCode).toBe(45)
  })
})

describe('consumers', () => {
  it('are sent to the nearest replica, which serves them up to its high watermark (KIP-392)', async () => {
    const settings = { 'replica.selector.class': RACK_AWARE }
    const made = await start({ racks: ['east', 'west', 'west'], settings })
    const leader = await made.connect(1)
    await made.settle(produceTo(leader, made.topicId, { count: 3 }))
    const sent = await made.settle(fetchFrom(leader, made.topicId, { rackId: 'west' }))
    expect(sent.part).toMatchObject({ errorCode: 0, preferredReadReplica: 2, highWatermark: 3n })
    expect(sent.part?.records?.length ?? 0).toBe(0)
    const home = await made.settle(fetchFrom(leader, made.topicId, { rackId: 'east' }))
    expect(home.part?.preferredReadReplica).toBe(-1)
    expect(home.part?.records?.length).toBeGreaterThan(0)
    await made.until(() => made.node(2).partition().log.highWatermark === 3)
    const near = await made.connect(2)
    const read = await made.settle(fetchFrom(near, made.topicId, { rackId: 'west' }))
    expect(read.part).toMatchObject({ errorCode: 0, preferredReadReplica: -1, highWatermark: 3n })
    expect(read.part?.records).toEqual(home.part?.records)
    // One that is ahead of this follower waits for it, and does not start anew somewhere.
    const ahead = await made.settle(fetchFrom(near, made.topicId, { rackId: 'west', offset: 9 }))
    expect(ahead.part?.errorCode).toBe(78)
  })

  it('wait at a follower, and are woken when its high watermark moves', async () => {
    const made = await start({ settings: { 'replica.selector.class': RACK_AWARE } })
    const leader = await made.connect(1)
    const near = await made.connect(2)
    const waiting = fetchFrom(near, made.topicId, { maxWaitMs: 20_000 })
    await made.run(20)
    const beganMs = made.clock.nowMs
    await made.settle(produceTo(leader, made.topicId))
    const { part } = await made.settle(waiting)
    expect(part?.records?.length).toBeGreaterThan(0)
    expect(made.clock.nowMs - beganMs).toBeLessThan(60)
  })

  it('are not told what is latest while a new leader does not know it', async () => {
    const made = await start()
    const first = await made.connect(1)
    await made.settle(produceTo(first, made.topicId, { count: 4 }))
    made.network.part('host-2', 'host-1')
    made.network.part('host-2', 'host-3')
    // The followers have the records, and may not have heard that they are committed.
    const { log } = made.node(2).partition()
    const knew = log.highWatermark
    made.elect(2)
    const client = await made.connect(2)
    const latest = async (timestamp: bigint, replicaId = -1) => {
      const partitions = [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp }]
      const answer = await made.settle(
        client.request(listOffsets, { replicaId, topics: [{ name: 't', partitions }] }),
      )
      const found = answer.topics[0]?.partitions[0]
      return [found?.errorCode, Number(found?.offset)]
    }
    expect(knew).toBeLessThan(4)
    expect(await latest(-1n)).toEqual([78, -1])
    expect(await latest(-2n)).toEqual([0, 0])
    expect(await latest(-1n, 1)).toEqual([0, 4])
    made.network.join('host-2', 'host-1')
    made.network.join('host-2', 'host-3')
    await made.until(() => log.highWatermark === 4)
    expect(await latest(-1n)).toEqual([0, 4])
  })
})

describe('other requests', () => {
  it('OffsetForLeaderEpoch: a replica hears of the end of the log, a consumer of what is committed', async () => {
    const made = await byHand()
    const client = await made.connect(1)
    await made.settle(produceTo(client, made.topicId, { count: 3, acks: 1 }))
    const endOf = async (replicaId: number) => {
      const partitions = [{ partition: 0, currentLeaderEpoch: 0, leaderEpoch: 0 }]
      const topics = [{ topic: 't', partitions }]
      const answer = await made.settle(client.request(offsetForLeaderEpoch, { replicaId, topics }))
      return answer.topics[0]?.partitions[0]?.endOffset
    }
    expect(await endOf(2)).toBe(3n)
    expect(await endOf(-1)).toBe(0n)
  })

  it('DeleteRecords is answered when every living replica has deleted', async () => {
    const made = await start()
    const client = await made.connect(1)
    for (let i = 0; i < 3; i++) await made.settle(produceTo(client, made.topicId, { count: 2 }))
    const request = (timeoutMs: number, offset: bigint) =>
      client.request(deleteRecords, {
        topics: [{ name: 't', partitions: [{ partitionIndex: 0, offset }] }],
        timeoutMs,
      })
    const done = await made.settle(request(5_000, 2n))
    expect(done.topics[0]?.partitions[0]).toMatchObject({ errorCode: 0, lowWatermark: 2n })
    for (const node of made.nodes.values()) expect(node.partition().log.logStartOffset).toBe(2)
    made.network.part('host-1', 'host-3')
    const late = await made.settle(request(500, 4n))
    expect(late.topics[0]?.partitions[0]?.errorCode).toBe(7)
  })
})

describe('throttles', () => {
  it('read their lists as Kafka does', () => {
    expect(throttledPartitions('*', 1)).toBe('all')
    expect(throttledPartitions('0:1,1:2, 2:1', 1)).toEqual(new Set([0, 2]))
    expect(throttledPartitions('', 1)).toEqual(new Set())
  })

  it.each(['leader', 'follower'])(
    '%s: hold back who catches up to the rate, and nobody who is in sync',
    async (side) => {
      const made = await start({ settings: { 'replica.fetch.max.bytes': '1000' } })
      const config = (resourceType: number, resourceName: string, name: string, value: string) =>
        ({ type: 'ConfigRecord', value: { resourceType, resourceName, name, value } }) as const
      made.commit([
        config(4, '', `${side}.replication.throttled.rate`, '1000'),
        config(2, 't', `${side}.replication.throttled.replicas`, '*'),
      ])
      const client = await made.connect(1)
      made.network.part('host-1', 'host-3')
      made.elect(1, 0, [1, 2])
      for (let i = 0; i < 40; i++) {
        const produced = await made.settle(produceTo(client, made.topicId, { value: 'x'.repeat(100) }))
        expect(produced.errorCode).toBe(0)
      }
      const { sizeBytes } = made.node(1).partition().log
      made.network.join('host-1', 'host-3')
      const tookMs = await made.until(() => made.node(3).partition().log.logEndOffset === 40, 60_000)
      expect(sizeBytes).toBeGreaterThan(5_000)
      expect(tookMs).toBeGreaterThan(sizeBytes - 3_000)
      expect(tookMs).toBeLessThan(sizeBytes + 1_000)
      await made.until(() => made.assigned().isr.includes(3))
      for (let i = 0; i < 20; i++) {
        const produced = await made.settle(produceTo(client, made.topicId, { value: 'x'.repeat(100) }))
        expect(produced.errorCode).toBe(0)
      }
    },
  )
})

describe('the nearest replica', () => {
  const replica = (id: number, rack: string | null, endOffset = 10, logStartOffset = 0) => ({
    id,
    rack,
    endOffset,
    logStartOffset,
  })

  it('is the leader where it is near or nobody else is, else who is furthest', () => {
    const all = [replica(1, 'a'), replica(2, 'b', 8), replica(3, 'b', 9), replica(4, 'b', 3)]
    expect(nearestReplica('a', 5, 1, all)).toBe(1)
    expect(nearestReplica('b', 5, 1, all)).toBe(3)
    expect(nearestReplica('b', 9, 1, all)).toBe(3)
    expect(nearestReplica('b', 10, 1, all)).toBe(1)
    expect(nearestReplica('c', 5, 1, all)).toBe(1)
    expect(nearestReplica('b', 5, 1, [...all, replica(5, 'b', 20, 6)])).toBe(3)
  })
})
