/**
 * Administration of the cluster: its quorum, its brokers, where partitions lie and who leads them.
 *
 * Each call answers when the controller has carried out what was asked, or throws a `ClientError` with its words. Moves of
 * replicas only begin with the call: `movesUnderWay` tells what is left of them.
 */
import { errorCode } from '../protocol/errors.ts'
import { addRaftVoter } from '../protocol/messages/add-raft-voter.ts'
import { alterPartitionReassignments } from '../protocol/messages/alter-partition-reassignments.ts'
import { type DescribeClusterResponse, describeCluster } from '../protocol/messages/describe-cluster.ts'
import { type DescribeLogDirsResponse, describeLogDirs } from '../protocol/messages/describe-log-dirs.ts'
import { type DescribeQuorumResponse, describeQuorum } from '../protocol/messages/describe-quorum.ts'
import { electLeaders } from '../protocol/messages/elect-leaders.ts'
import {
  type ListPartitionReassignmentsResponse,
  listPartitionReassignments,
} from '../protocol/messages/list-partition-reassignments.ts'
import { removeRaftVoter } from '../protocol/messages/remove-raft-voter.ts'
import { unregisterBroker } from '../protocol/messages/unregister-broker.ts'
import { answeredError } from './client-error.ts'
import type { Cluster } from './cluster.ts'
import type { PartitionMove } from './reassignment-plan.ts'

const TIMEOUT_MS = 30_000
const METADATA_TOPIC = '__cluster_metadata'

export type QuorumDescription = DescribeQuorumResponse['topics'][number]['partitions'][number]
export type QuorumNode = DescribeQuorumResponse['nodes'][number]
export type MovesUnderWay = ListPartitionReassignmentsResponse['topics']

/** All registered brokers, the fenced ones too. */
export async function describeBrokers(cluster: Cluster): Promise<DescribeClusterResponse['brokers']> {
  const answer = await cluster.request(null, describeCluster, {
    includeClusterAuthorizedOperations: false,
    includeFencedBrokers: true,
  })
  if (answer.errorCode !== 0) throw answeredError(answer.errorCode, 'the cluster', answer.errorMessage)
  return answer.brokers
}

/** The metadata quorum as its leader knows it. */
export async function quorumOf(
  cluster: Cluster,
): Promise<{ readonly quorum: QuorumDescription; readonly nodes: readonly QuorumNode[] }> {
  const topics = [{ topicName: METADATA_TOPIC, partitions: [{ partitionIndex: 0 }] }]
  const answer = await cluster.request(null, describeQuorum, { topics })
  const quorum = answer.topics[0]?.partitions[0]
  const code =
    answer.errorCode !== 0 ? answer.errorCode : (quorum?.errorCode ?? errorCode.UNKNOWN_SERVER_ERROR)
  if (code !== 0 || quorum === undefined) throw answeredError(code, 'the quorum', answer.errorMessage)
  return { quorum, nodes: answer.nodes }
}

/**
 * Begins to move partitions; `replicas` null takes a move back. With `goneIsDone` a partition that was deleted since the
 * moves were planned is no failure.
 */
export async function reassign(
  cluster: Cluster,
  moves: readonly {
    readonly topic: string
    readonly partition: number
    readonly replicas: readonly number[] | null
  }[],
  goneIsDone = false,
): Promise<void> {
  const topics = [...Map.groupBy(moves, ({ topic }) => topic)].map(([name, ofTopic]) => ({
    name,
    partitions: ofTopic.map(({ partition, replicas }) => ({ partitionIndex: partition, replicas })),
  }))
  const answer = await cluster.request(null, alterPartitionReassignments, {
    timeoutMs: TIMEOUT_MS,
    topics,
  })
  if (answer.errorCode !== 0) throw answeredError(answer.errorCode, 'the moves', answer.errorMessage)
  for (const { name, partitions } of answer.responses)
    for (const { partitionIndex, errorCode: code, errorMessage } of partitions) {
      if (goneIsDone && code === errorCode.UNKNOWN_TOPIC_OR_PARTITION) continue
      if (code !== 0) throw answeredError(code, `${name}-${partitionIndex}`, errorMessage)
    }
}

export async function movesUnderWay(cluster: Cluster): Promise<MovesUnderWay> {
  const answer = await cluster.request(null, listPartitionReassignments, {
    timeoutMs: TIMEOUT_MS,
    topics: null,
  })
  if (answer.errorCode !== 0) throw answeredError(answer.errorCode, 'the moves', answer.errorMessage)
  return answer.topics
}

/** The moves of `moves` that are not done. */
export async function unfinished(
  cluster: Cluster,
  moves: readonly PartitionMove[],
): Promise<PartitionMove[]> {
  const underWay = new Set<string>()
  for (const { name, partitions } of await movesUnderWay(cluster))
    for (const { partitionIndex } of partitions) underWay.add(`${name}\0${partitionIndex}`)
  return moves.filter(({ topic, partition }) => underWay.has(`${topic}\0${partition}`))
}

export interface ElectionResult {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  readonly errorMessage: string | null
}

/** Elects preferred leaders, or any active replica where `unclean`; null: of all partitions. */
export async function elect(
  cluster: Cluster,
  partitions: readonly { readonly topic: string; readonly partitions: readonly number[] }[] | null,
  unclean: boolean,
): Promise<ElectionResult[]> {
  const answer = await cluster.request(null, electLeaders, {
    electionType: unclean ? 1 : 0,
    topicPartitions: partitions,
    timeoutMs: TIMEOUT_MS,
  })
  if (answer.errorCode !== 0) throw answeredError(answer.errorCode, 'the election')
  return answer.replicaElectionResults.flatMap(({ topic, partitionResult }) =>
    partitionResult.map(({ partitionId, ...verdict }) => ({ topic, partition: partitionId, ...verdict })),
  )
}

/** Makes a node that follows the quorum one of its voters. */
export async function addVoter(
  cluster: Cluster,
  voter: { readonly id: number; readonly directoryId: string; readonly host: string; readonly port: number },
): Promise<void> {
  const answer = await cluster.request(null, addRaftVoter, {
    clusterId: null,
    timeoutMs: TIMEOUT_MS,
    voterId: voter.id,
    voterDirectoryId: voter.directoryId,
    listeners: [{ name: 'CONTROLLER', host: voter.host, port: voter.port }],
  })
  if (answer.errorCode !== 0) throw answeredError(answer.errorCode, `node ${voter.id}`, answer.errorMessage)
}

export async function removeVoter(cluster: Cluster, id: number, directoryId: string): Promise<void> {
  const answer = await cluster.request(null, removeRaftVoter, {
    clusterId: null,
    voterId: id,
    voterDirectoryId: directoryId,
  })
  if (answer.errorCode !== 0) throw answeredError(answer.errorCode, `node ${id}`, answer.errorMessage)
}

/** The cluster forgets a broker that has stopped for good. */
export async function unregister(cluster: Cluster, brokerId: number): Promise<void> {
  const answer = await cluster.request(null, unregisterBroker, { brokerId })
  if (answer.errorCode !== 0) throw answeredError(answer.errorCode, `broker ${brokerId}`, answer.errorMessage)
}

/** Whether every log directory of a broker is cordoned: nothing new is placed on it. */
export async function isCordoned(cluster: Cluster, brokerId: number): Promise<boolean> {
  const { results } = await cluster.request(brokerId, describeLogDirs, { topics: [] })
  return results.length > 0 && results.every((directory) => directory.isCordoned)
}

/** The log directories of one broker and what lies in them. */
export async function logDirectories(
  cluster: Cluster,
  brokerId: number,
): Promise<DescribeLogDirsResponse['results']> {
  const answer = await cluster.request(brokerId, describeLogDirs, { topics: null })
  return answer.results
}
