/**
 * FindCoordinator, versions 0–6: who coordinates a group, a transactional id or a share partition.
 *
 * It is the leader of the key's partition of the coordinator's topic. Where the topic is not there yet, or nobody
 * leads, 15 sends the client to ask again; making the topic is the handler's. Batches since 4 (KIP-699).
 */
import { errorCode } from '../../../protocol/errors.ts'
import type {
  FindCoordinatorRequest,
  FindCoordinatorResponseInput,
} from '../../../protocol/messages/find-coordinator.ts'
import { clientEndpoint, type EndpointView, isReachable } from '../../metadata/describe/endpoint.ts'
import { type MetadataImage, topicByName } from '../../metadata/image.ts'
import { coordinatorPartition } from '../coordinator-partition.ts'

/** Ids of what is coordinated, as on the wire. */
export const coordinatorKind = { group: 0, transaction: 1, share: 2 } as const

/** First version that asks for several keys. */
const BATCHES_KEYS = 4

/** The topic whose leaders coordinate keys of a kind; undefined for a kind that nobody knows. */
export function coordinatorTopic(kind: number): string | undefined {
  switch (kind) {
    case coordinatorKind.group:
      return '__consumer_offsets'
    case coordinatorKind.transaction:
      return '__transaction_state'
    case coordinatorKind.share:
      return '__share_group_state'
    default:
      return undefined
  }
}

interface Found {
  readonly key: string
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly errorCode: number
  readonly errorMessage: string | null
}

/** `refusal` is a code for keys that the client may not ask for; 0 for those that it may. */
export function findCoordinator(
  image: MetadataImage,
  request: FindCoordinatorRequest,
  apiVersion: number,
  view: EndpointView,
  refusal: (key: string) => number = () => 0,
): FindCoordinatorResponseInput {
  const keys = apiVersion < BATCHES_KEYS ? [request.key] : request.coordinatorKeys
  const found = keys.map((key): Found => {
    const code = refusal(key)
    return code === 0 ? coordinatorOf(image, request.keyType, key, view) : nobody(key, code)
  })
  const [first] = found
  if (apiVersion >= BATCHES_KEYS || first === undefined) return { throttleTimeMs: 0, coordinators: found }
  const { key: _, ...only } = first
  return { throttleTimeMs: 0, ...only }
}

function coordinatorOf(image: MetadataImage, kind: number, key: string, view: EndpointView): Found {
  const name = coordinatorTopic(kind)
  if (name === undefined) return nobody(key, errorCode.INVALID_REQUEST)
  // A share partition is named by group, topic id and partition.
  if (kind === coordinatorKind.share && key.split(':').length !== 3) {
    return nobody(key, errorCode.INVALID_REQUEST)
  }
  const topic = topicByName(image, name)
  if (topic === undefined || topic.partitions.size === 0) {
    return nobody(key, errorCode.COORDINATOR_NOT_AVAILABLE)
  }
  const partition = topic.partitions.get(coordinatorPartition(key, topic.partitions.size))
  const leader = partition === undefined ? undefined : image.brokers.get(partition.leader)
  const endpoint = leader === undefined ? undefined : clientEndpoint(leader, view)
  if (leader === undefined || endpoint === undefined || !isReachable(image, leader.id, view)) {
    return nobody(key, errorCode.COORDINATOR_NOT_AVAILABLE)
  }
  return { key, nodeId: leader.id, ...endpoint, errorCode: 0, errorMessage: null }
}

function nobody(key: string, code: number): Found {
  return { key, nodeId: -1, host: '', port: -1, errorCode: code, errorMessage: null }
}
