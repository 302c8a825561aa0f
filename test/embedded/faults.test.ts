/** Faults in front of real brokers: what clients are told, what is carried out all the same, and what is left alone. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { BrokerConnection } from '../../src/client/connection.ts'
import { Producer } from '../../src/client/producer.ts'
import { type Fault, type StartedCluster, startCluster } from '../../src/embedded/testing.ts'
import { errorCode } from '../../src/protocol/errors.ts'
import { createTopics } from '../../src/protocol/messages/create-topics.ts'
import { fetch } from '../../src/protocol/messages/fetch.ts'
import { findCoordinator } from '../../src/protocol/messages/find-coordinator.ts'
import { metadata } from '../../src/protocol/messages/metadata.ts'
import { produce } from '../../src/protocol/messages/produce.ts'
import { buildBatch } from '../../src/protocol/records/builder.ts'
import { connectionTo, ownClient } from './own-client.ts'

const TOPICS = ['orders', 'prices']
let cluster: StartedCluster
let connection: BrokerConnection
const faults: Fault[] = []

const batch = () => buildBatch([{ key: null, value: Buffer.from('v'), timestampMs: Date.now() }])

beforeAll(async () => {
  cluster = await startCluster({ nodes: 1, topics: TOPICS })
  connection = await connectionTo(cluster.bootstrap[0] ?? '')
})

afterEach(() => {
  for (const fault of faults.splice(0)) fault.end()
})

afterAll(async () => {
  connection.close()
  await cluster.close()
})

function strikes(fault: Fault): Fault {
  faults.push(fault)
  return fault
}

async function send(topics: readonly string[], versionMax?: number, acks = -1) {
  const topicData = topics.map((name) => ({ name, partitionData: [{ index: 0, records: batch() }] }))
  const answer = await connection.request(
    produce,
    { acks, timeoutMs: 1_000, topicData },
    { versionMax: versionMax ?? 12 },
  )
  return Object.fromEntries(answer.responses.map((topic) => [topic.name, topic.partitionResponses[0]]))
}

async function endOf(topic: string): Promise<bigint> {
  const answer = await connection.request(
    fetch,
    {
      maxWaitMs: 0,
      minBytes: 0,
      topics: [{ topic, partitions: [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1_000_000 }] }],
    },
    { versionMax: 12 },
  )
  return answer.responses[0]?.partitions[0]?.highWatermark ?? -1n
}

describe('fail', () => {
  it.each([3, 5, 8, 9, 10, 12])(
    'refuses one topic of a produce request of version %i, and no other',
    async (version) => {
      const [ordersBefore, pricesBefore] = [await endOf('orders'), await endOf('prices')]
      const fault = strikes(
        cluster.fail('Produce', { code: 'NOT_LEADER_OR_FOLLOWER', times: 2, topic: 'orders' }),
      )
      for (let times = 1; times <= 2; times++) {
        const { orders, prices } = await send(TOPICS, version)
        expect(orders).toMatchObject({
          index: 0,
          errorCode: errorCode.NOT_LEADER_OR_FOLLOWER,
          baseOffset: -1n,
        })
        expect(prices?.errorCode).toBe(0)
        if (version >= 10) expect(orders?.currentLeader).toMatchObject({ leaderId: 1 })
      }
      expect((await send(['prices'], version)).prices?.errorCode).toBe(0)
      expect((await send(['orders'], version)).orders?.errorCode).toBe(0)
      expect(fault.struck).toBe(2)
      expect(await endOf('orders')).toBe(ordersBefore + 1n)
      expect(await endOf('prices')).toBe(pricesBefore + 3n)
    },
  )

  it('finds a topic by its id', async () => {
    const described = await connection.request(metadata, { topics: [{ name: 'orders' }] })
    const topicId = described.topics[0]?.topicId ?? ''
    strikes(cluster.fail('Produce', { code: 'KAFKA_STORAGE_ERROR', topic: 'orders' }))
    const answer = await connection.request(produce, {
      acks: -1,
      timeoutMs: 1_000,
      topicData: [{ topicId, partitionData: [{ index: 0, records: batch() }] }],
    })
    expect(answer.responses[0]?.topicId).toBe(topicId)
    expect(answer.responses[0]?.partitionResponses[0]?.errorCode).toBe(errorCode.KAFKA_STORAGE_ERROR)
  })

  it('says to an older version what it knows', async () => {
    strikes(cluster.fail('Produce', { code: 'KAFKA_STORAGE_ERROR' }))
    expect((await send(['orders'], 4)).orders?.errorCode).toBe(errorCode.NOT_LEADER_OR_FOLLOWER)
    expect((await send(['orders'], 5)).orders?.errorCode).toBe(errorCode.KAFKA_STORAGE_ERROR)
  })

  it('carries a request out and loses its answer', async () => {
    const before = await endOf('orders')
    strikes(cluster.fail('Produce', { code: 'REQUEST_TIMED_OUT', carriedOut: true, times: 1 }))
    expect((await send(TOPICS)).orders?.errorCode).toBe(errorCode.REQUEST_TIMED_OUT)
    expect(await endOf('orders')).toBe(before + 1n)
  })

  it('hangs up where nobody reads an answer', async () => {
    const other = await connectionTo(cluster.bootstrap[0] ?? '')
    strikes(cluster.fail('Produce', { code: 'NOT_LEADER_OR_FOLLOWER', topic: 'orders' }))
    const before = await endOf('orders')
    other.post(produce, {
      acks: 0,
      timeoutMs: 1_000,
      topicData: [{ name: 'orders', partitionData: [{ index: 0, records: batch() }] }],
    })
    await expect(other.request(metadata, { topics: [] })).rejects.toThrow('closed the connection')
    expect(await endOf('orders')).toBe(before)
  })

  it('refuses partitions of a fetch with a session, also those that it does not name again', async () => {
    const wanted = TOPICS.map((topic) => ({
      topic,
      partitions: [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1_000 }],
    }))
    const ask = (sessionId: number, sessionEpoch: number, topics: typeof wanted) =>
      connection.request(
        fetch,
        { maxWaitMs: 5_000, minBytes: 1_000_000, sessionId, sessionEpoch, topics },
        { versionMax: 12 },
      )
    const first = await connection.request(
      fetch,
      { maxWaitMs: 0, minBytes: 0, sessionId: 0, sessionEpoch: 0, topics: wanted },
      { versionMax: 12 },
    )
    strikes(cluster.fail('Fetch', { code: 'UNKNOWN_LEADER_EPOCH', topic: 'orders', times: 1 }))
    const struck = await ask(first.sessionId, 1, [])
    const orders = struck.responses.find(({ topic }) => topic === 'orders')
    expect(orders?.partitions).toMatchObject([
      { partitionIndex: 0, errorCode: errorCode.UNKNOWN_LEADER_EPOCH, highWatermark: -1n },
    ])
    expect(orders?.partitions[0]?.records?.length ?? 0).toBe(0)
    // Nothing was lost by it: the same session goes on.
    const after = await connection.request(
      fetch,
      { maxWaitMs: 0, minBytes: 0, sessionId: first.sessionId, sessionEpoch: 2, topics: [] },
      { versionMax: 12 },
    )
    expect(
      after.responses.find(({ topic }) => topic === 'orders')?.partitions[0]?.records?.length,
    ).toBeGreaterThan(0)
  })

  it('tells what is wrong with a session of the fetch as a whole', async () => {
    strikes(cluster.fail('Fetch', { code: 'FETCH_SESSION_ID_NOT_FOUND', times: 1 }))
    const answer = await connection.request(
      fetch,
      { maxWaitMs: 0, minBytes: 0, topics: [] },
      { versionMax: 12 },
    )
    expect(answer).toMatchObject({ errorCode: errorCode.FETCH_SESSION_ID_NOT_FOUND, responses: [] })
  })

  it.each([0, 1, 4, 9, 12, 13])(
    'refuses a topic in Metadata version %i, asked for by name or with all',
    async (versionMax) => {
      strikes(cluster.fail('Metadata', { code: 'LEADER_NOT_AVAILABLE', topic: 'orders' }))
      for (const topics of [TOPICS.map((name) => ({ name })), versionMax === 0 ? [] : null]) {
        const answer = await connection.request(metadata, { topics }, { versionMax })
        if (topics?.length === 0) continue
        const codes = Object.fromEntries(answer.topics.map(({ name, errorCode: told }) => [name ?? '', told]))
        expect(codes).toMatchObject({ orders: errorCode.LEADER_NOT_AVAILABLE, prices: 0 })
        expect(answer.brokers).toHaveLength(1)
      }
    },
  )

  it('refuses what is asked of the controller, with words', async () => {
    strikes(cluster.fail('CreateTopics', { code: 'POLICY_VIOLATION', topic: 'forbidden' }))
    const answer = await connection.request(createTopics, {
      topics: ['forbidden', 'allowed'].map((name) => ({
        name,
        numPartitions: 1,
        replicationFactor: 1,
        assignments: [],
        configs: [],
      })),
      timeoutMs: 5_000,
    })
    const told = Object.fromEntries(answer.topics.map((topic) => [topic.name, topic]))
    expect(told.forbidden).toMatchObject({
      errorCode: errorCode.POLICY_VIOLATION,
      errorMessage: expect.any(String),
    })
    expect(told.allowed?.errorCode).toBe(0)
  })

  it.each([0, 3, 4, 6])('refuses FindCoordinator version %i', async (versionMax) => {
    strikes(cluster.fail('FindCoordinator', { code: 'COORDINATOR_NOT_AVAILABLE' }))
    const body = versionMax < 4 ? { key: 'g' } : { keyType: 0, coordinatorKeys: ['g'] }
    const answer = await connection.request(findCoordinator, body as { key: string }, { versionMax })
    const code = versionMax < 4 ? answer.errorCode : answer.coordinators[0]?.errorCode
    expect(code).toBe(errorCode.COORDINATOR_NOT_AVAILABLE)
  })

  it('leaves the nodes among themselves alone', async () => {
    await using three = await startCluster({
      nodes: 3,
      topics: ['kept'],
      configs: { 'min.insync.replicas': 3 },
    })
    three.fail('Fetch', { code: 'UNKNOWN_SERVER_ERROR' })
    three.fail('ApiVersions', { code: 'UNKNOWN_SERVER_ERROR', times: 1 })
    const client = ownClient(three.bootstrap)
    await client.refresh(['kept']).catch(() => null)
    const [sent] = await new Producer(client).send('kept', [{ value: Buffer.from('v') }])
    expect(sent?.baseOffset).toBe(0)
    await client.close()
  })
})

describe('delay', () => {
  it('keeps a request and its bytes for that long', async () => {
    const before = await endOf('orders')
    strikes(cluster.delay('Produce', { ms: 150, times: 2 }))
    const beganMs = performance.now()
    // Both stand in the same memory while they wait.
    const answers = await Promise.all([send(['orders']), send(['orders'])])
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(150)
    expect(answers.map(({ orders }) => orders?.baseOffset).sort()).toEqual([before, before + 1n])
  })
})

it('history tells how often faults struck', async () => {
  strikes(cluster.fail('OffsetFetch', { code: 'NOT_COORDINATOR', carriedOut: true }))
  const lines = cluster.history()
  expect(lines[0]).toMatch(/^ +\d+\.\d{3} s node 1 controls the cluster \(epoch 1\)$/)
  expect(lines[1]).toMatch(/ s one node serves$/)
  expect(lines.join('\n')).toContain('Produce of orders fails with NOT_LEADER_OR_FOLLOWER: struck 2 times')
  expect(lines.at(-1)).toMatch(
    /OffsetFetch fails with NOT_COORDINATOR after it was carried out: struck 0 times$/,
  )
})
