/** Voters of the quorum come and go while it runs. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { addRaftVoter } from '../../src/protocol/messages/add-raft-voter.ts'
import { describeQuorum } from '../../src/protocol/messages/describe-quorum.ts'
import { until } from '../faults/script.ts'
import { BrokerCluster } from './broker-cluster.ts'
import { RawConnection } from './raw-connection.ts'

const INVALID_REQUEST = 42
const DUPLICATE_VOTER = 126

let cluster: BrokerCluster
let connection: RawConnection
let second = 0

beforeAll(async () => {
  cluster = await BrokerCluster.start({ nodes: 1 })
  second = await cluster.addNode()
  connection = await RawConnection.open(cluster.portOf(1))
}, 60_000)

afterAll(async () => {
  connection.close()
  await cluster.close()
})

async function quorum() {
  const topics = [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }]
  const answer = await connection.request(describeQuorum, 2, { topics })
  const row = answer.topics[0]?.partitions[0]
  if (row === undefined) throw new Error('an answer without the quorum')
  return row
}

test('a node becomes a voter only where it answers', async () => {
  const observer = await until('the node follows the quorum', 20_000, async () => {
    const { observers } = await quorum()
    return observers.find(({ replicaId }) => replicaId === second) ?? null
  })
  const [host = '', port] = cluster.quorumAddressOf(second).split(':')
  const add = (at: number) =>
    connection.request(addRaftVoter, 0, {
      clusterId: null,
      timeoutMs: 10_000,
      voterId: second,
      voterDirectoryId: observer.replicaDirectoryId,
      listeners: [{ name: 'CONTROLLER', host, port: at }],
    })
  expect(await add(1)).toMatchObject({
    errorCode: INVALID_REQUEST,
    errorMessage:
      'nothing answers at 127.0.0.1:1; start it with --listen CONTROLLER://127.0.0.1:1, an address that every voter reaches',
  })
  expect((await quorum()).currentVoters).toHaveLength(1)
  expect(await add(Number(port))).toMatchObject({ errorCode: 0, errorMessage: null })
  expect((await quorum()).currentVoters.map(({ replicaId }) => replicaId)).toEqual([1, second])
  expect((await add(Number(port))).errorCode).toBe(DUPLICATE_VOTER)
}, 60_000)
