/**
 * DescribeQuorum (55), versions 0–2: who leads the metadata quorum and how far its voters and observers are, as the leader
 * itself knows it (KIP-595, KIP-836).
 */
import { errorCode } from '../../protocol/errors.ts'
import {
  type DescribeQuorumRequest,
  type DescribeQuorumResponseInput,
  describeQuorum,
} from '../../protocol/messages/describe-quorum.ts'
import { METADATA_TOPIC } from '../broker-storage.ts'
import { COMMAND_TIMEOUT_MS, type ControllerCommand } from '../controller/command.ts'
import { serveByController } from '../handler.ts'
import type { QuorumReplica, QuorumStatus } from '../quorum/metadata-quorum.ts'

const FIRST_VERSION_WITH_NODES = 2

type PartitionRow = DescribeQuorumResponseInput['topics'][number]['partitions'][number]

function replicaRow(replica: QuorumReplica, knowsNodes: boolean): PartitionRow['currentVoters'][number] {
  return {
    replicaId: replica.id,
    ...(knowsNodes && { replicaDirectoryId: replica.directoryId }),
    logEndOffset: BigInt(replica.logEndOffset),
    lastFetchTimestamp: BigInt(replica.lastHeardMs),
    lastCaughtUpTimestamp: BigInt(replica.lastCaughtUpMs),
  }
}

function answer(
  request: DescribeQuorumRequest,
  status: QuorumStatus,
  apiVersion: number,
): DescribeQuorumResponseInput {
  const knowsNodes = apiVersion >= FIRST_VERSION_WITH_NODES
  const rows = (replicas: readonly QuorumReplica[]) =>
    replicas.map((replica) => replicaRow(replica, knowsNodes))
  const row = (topicName: string, partitionIndex: number): PartitionRow => {
    const isMetadata = topicName === METADATA_TOPIC && partitionIndex === 0
    if (!isMetadata) return unknownPartition(partitionIndex)
    return {
      partitionIndex,
      errorCode: 0,
      errorMessage: null,
      leaderId: status.leaderId,
      leaderEpoch: status.leaderEpoch,
      highWatermark: BigInt(status.highWatermark),
      currentVoters: rows(status.voters),
      observers: rows(status.observers),
    }
  }
  return {
    errorCode: 0,
    errorMessage: null,
    topics: request.topics.map(({ topicName, partitions }) => ({
      topicName,
      partitions: partitions.map(({ partitionIndex }) => row(topicName, partitionIndex)),
    })),
    ...(knowsNodes && {
      nodes: status.voters.map(({ id, endpoints }) => ({ nodeId: id, listeners: endpoints })),
    }),
  }
}

function unknownPartition(partitionIndex: number): PartitionRow {
  return {
    partitionIndex,
    errorCode: errorCode.UNKNOWN_TOPIC_OR_PARTITION,
    errorMessage: 'This server does not host this topic-partition.',
    leaderId: 0,
    leaderEpoch: 0,
    highWatermark: 0n,
    currentVoters: [],
    observers: [],
  }
}

type Fields = typeof describeQuorum

export const describeQuorumCommand: ControllerCommand<
  Fields['request']['fields'],
  Fields['response']['fields']
> = {
  api: describeQuorum,
  timeoutMs: () => COMMAND_TIMEOUT_MS,
  carryOut: async (request, { quorum }, apiVersion) => answer(request, quorum.status, apiVersion),
  refuse: (_request, code, errorMessage) => ({ errorCode: code, errorMessage, topics: [] }),
}

export const describeQuorumHandler = serveByController(describeQuorumCommand)
