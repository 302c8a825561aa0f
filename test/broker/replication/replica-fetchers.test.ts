/** Followers copy their leaders: over real handlers, connections and logs, on a network and a clock in memory. */
import { afterEach, describe, expect, it } from 'vitest'
import { ReplicaCluster } from './replica-cluster.ts'
import { batch, produceTo } from './replication-requests.ts'

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

/** Appends straight to a leader's log. */
function append(made: ReplicaCluster, id: number, count = 1, index = 0): void {
  const outcome = made
    .node(id)
    .partition(index)
    .append(batch(count), { origin: 'client', nowMs: made.clock.nowMs })
  if (!outcome.ok) throw new Error(outcome.message)
}

function ends(made: ReplicaCluster, index = 0): number[] {
  return [...made.nodes.values()].map((node) => node.partition(index).log.logEndOffset)
}

function highWatermarks(made: ReplicaCluster, index = 0): number[] {
  return [...made.nodes.values()].map((node) => node.partition(index).log.highWatermark)
}

describe('copying', () => {
  it('acknowledges acks=all when every replica in sync has persisted it; logs are equal to the byte', async () => {
    const made = await start()
    const client = await made.connect(1)
    const answers = Array.from({ length: 20 }, (_, i) =>
      produceTo(client, made.topicId, { count: 3, value: `r${i}` }),
    )
    const settled = await made.settle(Promise.all(answers))
    expect(settled.map(({ errorCode, baseOffset }) => [errorCode, Number(baseOffset)])).toEqual(
      Array.from({ length: 20 }, (_, i) => [0, 3 * i]),
    )
    for (const node of made.nodes.values())
      expect(node.partition().log.durableOffset).toBeGreaterThanOrEqual(60)
    await made.until(() => highWatermarks(made).every((offset) => offset === 60))
    expect(made.node(2).bytes()).toEqual(made.node(1).bytes())
    expect(made.node(3).bytes()).toEqual(made.node(1).bytes())
    expect(made.node(1).bytes().length).toBeGreaterThan(0)
  })

  it('counts what is persisted, and fetches on without waiting for it', async () => {
    const made = await start()
    const held: (() => void)[] = []
    const { storage } = made.node(2)
    const { later } = storage
    storage.later = (callback, operation) => {
      if (operation === 'sync') held.push(callback)
      else later(callback, operation)
    }
    append(made, 1, 2)
    await made.until(() => made.node(2).partition().log.logEndOffset === 2)
    append(made, 1, 3)
    await made.until(() => made.node(2).partition().log.logEndOffset === 5)
    await made.run(100)
    expect(made.node(3).partition().log.durableOffset).toBe(5)
    expect(made.node(2).partition().log.durableOffset).toBe(0)
    expect(made.node(1).partition().log.highWatermark).toBe(0)
    storage.later = later
    for (const callback of held.splice(0)) callback()
    const tookMs = await made.until(() => made.node(1).partition().log.highWatermark === 5)
    // The sync that is done is told at once, though the leader has nothing to send.
    expect(tookMs).toBeLessThan(20)
  })

  it('gives the memory back that answers were read into, when the log has written them', async () => {
    const made = await start()
    const name = 'sluice_replication_receive_memory_bytes'
    const copySome = async () => {
      const until = made.node(1).partition().log.logEndOffset + 400
      for (let i = 0; i < 100; i++) {
        append(made, 1, 4)
        if (i % 10 === 0) await made.run(1)
      }
      await made.until(() => made.node(2).partition().log.highWatermark === until)
      return made.node(2).metric(name)
    }
    const first = await copySome()
    for (let round = 0; round < 5; round++) expect(await copySome()).toBeLessThanOrEqual(2 * first)
    expect(first).toBeLessThan(1_000_000)
    expect(made.node(2).bytes()).toEqual(made.node(1).bytes())
    made.node(2).fetchers.stop()
    await made.run(10)
    expect(made.node(2).metric(name)).toBe(0)
  })

  it('asks about once for each answer: the news that acknowledges it goes with the next request', async () => {
    const made = await start()
    const client = await made.connect(1)
    const requests = 'kafka_server_fetcherstats_requests_total'
    const before = made.node(2).metric(requests)
    for (let i = 0; i < 50; i++)
      expect((await made.settle(produceTo(client, made.topicId))).errorCode).toBe(0)
    expect(made.node(2).metric(requests) - before).toBeLessThanOrEqual(60)
  })

  it('rests while there is nothing to copy', async () => {
    const made = await start({ assignments: Array.from({ length: 50 }, () => [1, 2, 3]) })
    await made.run(1_000)
    const before = made.node(2).metric('kafka_server_fetcherstats_requests_total')
    await made.run(5_000)
    expect(made.node(2).metric('kafka_server_fetcherstats_requests_total') - before).toBeLessThanOrEqual(11)
  })

  it.each([
    ['at once where consumers may read from them', RACK_AWARE, 20],
    ['in a while elsewhere', '', 120],
  ])('tells followers a high watermark without new records: %s', async (_where, selector, msMax) => {
    const made = await start({ settings: { 'replica.selector.class': selector } })
    append(made, 1)
    await made.until(() => made.node(1).partition().log.highWatermark === 1)
    const tookMs = await made.until(() => highWatermarks(made).every((offset) => offset === 1))
    expect(tookMs).toBeLessThan(msMax)
  })

  it('takes up a partition that appears, though its leader is being asked already', async () => {
    const made = await start({
      assignments: [
        [1, 2],
        [1, 3],
      ],
    })
    await made.run(1_000)
    made.commit([
      {
        type: 'PartitionChangeRecord',
        value: {
          partitionId: 1,
          topicId: made.topicId,
          isr: null,
          leader: -2,
          replicas: [1, 3, 2],
          removingReplicas: null,
          addingReplicas: null,
          leaderRecoveryState: -1,
          directories: Array.from(
            { length: 3 },
            (_, i) => made.image.brokers.get(i + 1)?.directories[0] ?? '',
          ),
          eligibleLeaderReplicas: null,
          lastKnownElr: null,
        },
      },
    ])
    expect(await made.until(() => made.assigned(1).isr.includes(2))).toBeLessThan(50)
  })

  it('goes on with the others where one partition cannot be fetched', async () => {
    const made = await start({
      assignments: [
        [1, 2, 3],
        [1, 2, 3],
      ],
    })
    // The leader's answer for this one is an error from now on: it knows of a later epoch than the follower.
    made.node(2).isDeaf = true
    made.elect(1, 1)
    append(made, 1, 4, 0)
    append(made, 1, 4, 1)
    await made.until(() => made.node(2).partition(0).log.logEndOffset === 4)
    expect(made.node(2).partition(1).log.logEndOffset).toBe(0)
    await made.until(() => made.node(3).partition(1).log.logEndOffset === 4)
  })
})

describe('leaders change', () => {
  it('followers move to the new one; what only the old one had goes', async () => {
    const made = await start()
    append(made, 1, 3)
    await made.until(() => highWatermarks(made).every((offset) => offset === 3))
    made.node(1).isDeaf = true
    made.network.part('host-1', 'host-2')
    made.network.part('host-1', 'host-3')
    const client = await made.connect(1)
    const lost = produceTo(client, made.topicId, { count: 5, value: 'lost' })
    await made.run(10)
    made.elect(2, 0, [2, 3])
    append(made, 2, 2)
    await made.until(() => made.node(3).partition().log.highWatermark === 5)
    expect(made.node(1).partition().log.logEndOffset).toBe(8)
    expect(made.node(1).partition().log.highWatermark).toBe(3)
    made.network.join('host-1', 'host-2')
    made.node(1).isDeaf = false
    made.elect(2, 0, [2, 3])
    expect((await made.settle(lost)).errorCode).toBe(6)
    await made.until(() => made.assigned().isr.includes(1))
    await made.until(() => highWatermarks(made).every((offset) => offset === 5))
    expect(made.node(1).bytes()).toEqual(made.node(2).bytes())
    expect(made.node(1).metric('sluice_replication_cuts_below_high_watermark_total')).toBe(0)
  })

  it('a leader that was a follower appends in its own epoch, and the old leader follows it', async () => {
    const made = await start()
    append(made, 1, 2)
    await made.until(() => highWatermarks(made).every((offset) => offset === 2))
    made.elect(3)
    append(made, 3, 2)
    await made.until(() => highWatermarks(made).every((offset) => offset === 4))
    expect(made.node(1).partition().log.endOffsetForLeaderEpoch(0)).toEqual({ leaderEpoch: 0, endOffset: 2 })
    expect(made.node(1).partition().log.latestLeaderEpoch).toBe(1)
    expect(made.node(1).bytes()).toEqual(made.node(3).bytes())
  })

  it('a leader that is gone is dialled again, ever more slowly, until it is back', async () => {
    const made = await start()
    append(made, 1, 1)
    await made.until(() => ends(made).every((offset) => offset === 1))
    made.network.part('host-1', 'host-2')
    await made.run(2_000)
    const dialledBefore = made.network.dialled
    await made.run(5_000)
    expect(made.network.dialled - dialledBefore).toBeLessThanOrEqual(6)
    append(made, 1, 1)
    made.network.join('host-1', 'host-2')
    await made.until(() => made.node(2).partition().log.logEndOffset === 2)
  })

  it('a leader that owes an answer and says nothing is dialled anew, before TCP tries again', async () => {
    const made = await start()
    append(made, 1, 1)
    await made.until(() => ends(made).every((offset) => offset === 1))
    made.network.stall('host-1', 'host-2')
    append(made, 1, 1)
    const tookMs = await made.until(() => made.node(2).partition().log.logEndOffset === 2)
    expect(tookMs).toBeLessThan(2_200)
  })
})

describe('replicas that come back', () => {
  it('a killed follower is in sync again soon after its start', async () => {
    const made = await start()
    append(made, 1, 3)
    await made.until(() => highWatermarks(made).every((offset) => offset === 3))
    await made.node(2).kill()
    made.elect(1, 0, [1, 3])
    append(made, 1, 4)
    await made.until(() => made.node(1).partition().log.highWatermark === 7)
    await made.restart(2)
    expect(await made.until(() => made.assigned().isr.includes(2))).toBeLessThan(200)
    await made.until(() => made.node(2).partition().log.highWatermark === 7)
    expect(made.node(2).bytes()).toEqual(made.node(1).bytes())
  })

  it('a follower whose records the leader has deleted starts where the leader begins, inside a batch too', async () => {
    const made = await start()
    made.network.part('host-1', 'host-2')
    made.elect(1, 0, [1, 3])
    append(made, 1, 10)
    append(made, 1, 10)
    await made.until(() => made.node(1).partition().log.highWatermark === 20)
    expect(made.node(1).partition().log.deleteRecordsBefore(15)).toBe(true)
    made.network.join('host-1', 'host-2')
    await made.until(() => made.node(2).partition().log.logEndOffset === 20, 10_000)
    await made.until(() => made.node(2).partition().log.logStartOffset === 15)
    append(made, 1, 1)
    await made.until(() => highWatermarks(made).every((offset) => offset === 21))
  })

  it('trap 2: a damaged log is cut to where it is whole and fetched again', async () => {
    const made = await start()
    for (let i = 0; i < 5; i++) append(made, 1, 2)
    await made.until(() => highWatermarks(made).every((offset) => offset === 10))
    const { log } = made.node(2).partition()
    // Bit rot under a read: the log itself finds it.
    const { disk } = made.node(2).storage
    const path = '/data/t-0/00000000000000000000.log'
    const file = disk.open(path, 'read-write')
    const size = file.sizeBytes()
    file.writeSync([Buffer.alloc(20, 0xff)], (size / 5) * 3)
    file.close()
    log.read(
      6,
      { sizeBytesMax: 1e6, upperBoundOffset: 10, atLeastOneBatch: true, skipsEmptyBatches: false },
      (read) => {
        if (read.ok) read.release()
      },
    )
    await made.until(() => log.damage !== null)
    await made.until(() => log.damage === null && log.logEndOffset === 10)
    await made.until(() => log.highWatermark === 10)
    expect(made.node(2).bytes()).toEqual(made.node(1).bytes())
    expect(made.node(2).metric('sluice_replication_cuts_below_high_watermark_total')).toBe(1)
    await made.until(() => made.assigned().isr.includes(2))
  })

  it('a replica that was taken away is deleted here', async () => {
    const made = await start()
    append(made, 1, 2)
    await made.until(() => ends(made).every((offset) => offset === 2))
    made.commit([
      {
        type: 'PartitionChangeRecord',
        value: {
          partitionId: 0,
          topicId: made.topicId,
          isr: [1, 2],
          leader: -2,
          replicas: [1, 2],
          removingReplicas: null,
          addingReplicas: null,
          leaderRecoveryState: -1,
          directories: [1, 2].map((id) => made.image.brokers.get(id)?.directories[0] ?? ''),
          eligibleLeaderReplicas: null,
          lastKnownElr: null,
        },
      },
    ])
    expect(made.node(3).registry.byName('t', 0)).toBe(6)
    await made.run(50)
    expect(made.node(3).storage.manager.log('t', 0)).toBeNull()
    append(made, 1, 1)
    await made.until(() => made.node(1).partition().log.highWatermark === 3)
  })
})
