/**
 * DescribeCluster (KIP-700): the brokers and who takes administrative requests.
 */
import { errorCode } from '../../../protocol/errors.ts'
import type {
  DescribeClusterRequest,
  DescribeClusterResponseInput,
} from '../../../protocol/messages/describe-cluster.ts'
import { operationsNotAsked } from '../../authorized-operations.ts'
import type { MetadataImage } from '../image.ts'
import { isActive } from '../new-partition.ts'
import type { MetadataView } from './describe-metadata.ts'
import { clientEndpoint } from './endpoint.ts'

const BROKERS = 1
const CONTROLLERS = 2

export function describeCluster(
  image: MetadataImage,
  request: DescribeClusterRequest,
  view: MetadataView,
): DescribeClusterResponseInput {
  if (request.endpointType === CONTROLLERS) {
    const errorMessage =
      'The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER'
    return refused(errorCode.MISMATCHED_ENDPOINT_TYPE, errorMessage)
  }
  if (request.endpointType !== BROKERS) {
    return refused(errorCode.UNSUPPORTED_ENDPOINT_TYPE, `Unsupported endpoint type ${request.endpointType}`)
  }
  const brokers: DescribeClusterResponseInput['brokers'][number][] = []
  for (const broker of image.brokers.values()) {
    const endpoint = clientEndpoint(broker, view)
    if (endpoint === undefined || !(isActive(broker) || request.includeFencedBrokers)) continue
    brokers.push({ brokerId: broker.id, ...endpoint, rack: broker.rack, isFenced: broker.fenced })
  }
  return {
    throttleTimeMs: 0,
    errorCode: 0,
    errorMessage: null,
    endpointType: BROKERS,
    clusterId: view.clusterId,
    controllerId: view.controllerId,
    brokers,
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations
      ? view.clusterOperations
      : operationsNotAsked,
  }
}

function refused(code: number, errorMessage: string): DescribeClusterResponseInput {
  return {
    throttleTimeMs: 0,
    errorCode: code,
    errorMessage,
    endpointType: BROKERS,
    clusterId: '',
    controllerId: -1,
    brokers: [],
    clusterAuthorizedOperations: operationsNotAsked,
  }
}
