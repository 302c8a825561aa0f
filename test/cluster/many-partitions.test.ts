/** Thousands of partitions in one request, on real processes: nobody takes a node that makes them for a dead one. */
import { expect, test } from 'vitest'
import { createTopics } from '../../src/protocol/messages/create-topics.ts'
import { describeQuorum } from '../../src/protocol/messages/describe-quorum.ts'
import { BrokerCluster } from './broker-cluster.ts'
import { RawConnection } from './raw-connection.ts'

const PARTITIONS = 1_500

async function leaderEpoch(connection: RawConnection): Promise<number> {
  const topics = [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }]
  const answer = await connection.request(describeQuorum, 2, { topics })
  return answer.topics[0]?.partitions[0]?.leaderEpoch ?? -1
}

test('a request for thousands of partitions costs no node its place in the quorum', async () => {
  const cluster = await BrokerCluster.start()
  try {
    const connection = await RawConnection.open(cluster.portOf(1))
    const before = await leaderEpoch(connection)
    const answer = await connection.request(createTopics, 7, {
      topics: [
        { name: 'wide', numPartitions: PARTITIONS, replicationFactor: 3, assignments: [], configs: [] },
      ],
      timeoutMs: 60_000,
    })
    expect(answer.topics.map(({ name, errorCode }) => [name, errorCode])).toEqual([['wide', 0]])
    expect(await leaderEpoch(connection)).toBe(before)
    connection.close()
  } finally {
    await cluster.close()
  }
}, 120_000)
