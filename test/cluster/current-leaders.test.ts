/** A node that does not lead a partition tells who does, and where (KIP-951). */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTopics } from '../../src/protocol/messages/create-topics.ts'
import { fetch } from '../../src/protocol/messages/fetch.ts'
import { metadata } from '../../src/protocol/messages/metadata.ts'
import { produce } from '../../src/protocol/messages/produce.ts'
import { BrokerCluster } from './broker-cluster.ts'
import { RawConnection } from './raw-connection.ts'
import { batchOf } from './raw-requests.ts'

const NOT_LEADER = 6
const FENCED = 74

let cluster: BrokerCluster
let other: RawConnection
let topicId = ''

beforeAll(async () => {
  cluster = await BrokerCluster.start({ nodes: 2 })
  other = await RawConnection.open(cluster.portOf(2))
  const created = await other.request(createTopics, 7, {
    topics: [
      {
        name: 'led',
        numPartitions: -1,
        replicationFactor: -1,
        assignments: [{ partitionIndex: 0, brokerIds: [1] }],
        configs: [],
      },
    ],
    timeoutMs: 10_000,
  })
  topicId = created.topics[0]?.topicId ?? ''
}, 60_000)

afterAll(async () => {
  other.close()
  await cluster.close()
})

const leader = { leaderId: 1, leaderEpoch: 0 }
const nobody = { leaderId: -1, leaderEpoch: -1 }
const leaderNode = () => ({ nodeId: 1, host: '127.0.0.1', port: cluster.portOf(1), rack: null })

function produceTo(version: number, index = 0) {
  const partitionData = [{ index, records: batchOf(['x']) }]
  const topicData = [{ name: 'led', topicId, partitionData }]
  return other.request(produce, version, { acks: -1, timeoutMs: 5_000, topicData, transactionalId: null })
}

function fetchFrom(connection: RawConnection, version: number, currentLeaderEpoch = -1) {
  const partitions = [{ partition: 0, fetchOffset: 0n, currentLeaderEpoch, partitionMaxBytes: 1_000 }]
  const topics = [{ topic: 'led', topicId, partitions }]
  return connection.request(fetch, version, { maxWaitMs: 0, minBytes: 1, maxBytes: 1_000, topics })
}

test.each([10, 12, 13])('Produce %i', async (version) => {
  const answer = await produceTo(version)
  const part = answer.responses[0]?.partitionResponses[0]
  expect([part?.errorCode, part?.currentLeader, answer.nodeEndpoints]).toEqual([
    NOT_LEADER,
    leader,
    [leaderNode()],
  ])
})

test('Produce says nothing of what is not there, and nothing to those that would not know', async () => {
  const missing = await produceTo(12, 7)
  expect(missing.responses[0]?.partitionResponses[0]?.currentLeader).toEqual(nobody)
  expect([(await produceTo(9)).nodeEndpoints, missing.nodeEndpoints]).toEqual([[], []])
})

test.each([16, 18])('Fetch %i', async (version) => {
  const answer = await fetchFrom(other, version)
  const part = answer.responses[0]?.partitions[0]
  expect([part?.errorCode, part?.currentLeader, answer.nodeEndpoints]).toEqual([
    NOT_LEADER,
    leader,
    [leaderNode()],
  ])
})

test('Fetch of an older version has the error alone', async () => {
  const answer = await fetchFrom(other, 15)
  const part = answer.responses[0]?.partitions[0]
  expect([part?.errorCode, part?.currentLeader, answer.nodeEndpoints]).toEqual([NOT_LEADER, nobody, []])
})

test('a reader of an older epoch hears of the newer one', async () => {
  await cluster.kill(1, 'SIGTERM')
  await cluster.startNode(1)
  const one = await RawConnection.open(cluster.portOf(1))
  const described = await one.request(metadata, 12, { topics: [{ name: 'led' }] })
  const { leaderEpoch = -1 } = described.topics[0]?.partitions[0] ?? {}
  expect(leaderEpoch).toBeGreaterThan(0)
  const answer = await fetchFrom(one, 16, 0)
  const part = answer.responses[0]?.partitions[0]
  expect([part?.errorCode, part?.currentLeader]).toEqual([FENCED, { leaderId: 1, leaderEpoch }])
  one.close()
}, 30_000)
