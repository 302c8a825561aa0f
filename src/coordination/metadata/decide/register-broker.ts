/**
 * BrokerRegistration: a broker's process joins the cluster, fenced until its first heartbeat.
 *
 * The broker's epoch is the offset at which its registration will stand in the metadata log. Coming back as another
 * process moves what it led to others; where there is nobody, nobody leads until it is unfenced.
 */
import { errorCode } from '../../../protocol/errors.ts'
import type {
  BrokerRegistrationRequest,
  BrokerRegistrationResponseInput,
} from '../../../protocol/messages/broker-registration.ts'
import type { NodeFacts } from '../config-layers.ts'
import type { MetadataDecision } from '../decision.ts'
import { electionRecords } from '../elections.ts'
import type { BrokerImage, MetadataImage } from '../image.ts'
import { lossOnReturn } from '../lost-data.ts'
import type { MetadataRecord } from '../record.ts'

/** What the controller that decides knows beside the image. */
export interface RegisterBrokerContext extends NodeFacts {
  readonly clusterId: string
  /** Offset at which the first record of this decision will be appended. */
  readonly nextOffset: bigint
  /** Whether another process of this broker has been heard of within the session time-out. */
  readonly hasLiveSession: boolean
  /** Whether the broker's properties file relaxes flushing (`lost-data.ts`). */
  readonly relaxesFlushing: boolean
}

export function decideRegisterBroker(
  image: MetadataImage,
  request: BrokerRegistrationRequest,
  context: RegisterBrokerContext,
): MetadataDecision<BrokerRegistrationResponseInput> {
  const before = image.brokers.get(request.brokerId)
  const refusal = refusalCode(image, request, before, context)
  if (refusal !== 0) {
    return { records: [], reply: { throttleTimeMs: 0, errorCode: refusal, brokerEpoch: -1n } }
  }
  const samePerson = before?.incarnationId === request.incarnationId
  // The same process asking again keeps its epoch: its first answer was lost.
  const brokerEpoch = samePerson && before !== undefined ? before.epoch : context.nextOffset
  const registration = registrationRecord(request, brokerEpoch, samePerson ? before : undefined)
  const records = [registration, ...(samePerson ? [] : electionsOnReturn(image, request, before, context))]
  return { records, reply: { throttleTimeMs: 0, errorCode: 0, brokerEpoch } }
}

function refusalCode(
  image: MetadataImage,
  request: BrokerRegistrationRequest,
  before: BrokerImage | undefined,
  context: RegisterBrokerContext,
): number {
  if (request.clusterId !== context.clusterId) return errorCode.INCONSISTENT_CLUSTER_ID
  if (request.listeners.length === 0 || request.logDirs.length === 0) return errorCode.INVALID_REGISTRATION
  const isAnother = before !== undefined && before.incarnationId !== request.incarnationId
  if (isAnother && context.hasLiveSession) return errorCode.DUPLICATE_BROKER_REGISTRATION
  const supported = new Map(request.features.map((feature) => [feature.name, feature]))
  for (const [name, level] of image.features) {
    const range = supported.get(name)
    if (range === undefined || level < range.minSupportedVersion || level > range.maxSupportedVersion) {
      return errorCode.UNSUPPORTED_VERSION
    }
  }
  return 0
}

function registrationRecord(
  request: BrokerRegistrationRequest,
  brokerEpoch: bigint,
  before: BrokerImage | undefined,
): MetadataRecord {
  return {
    type: 'RegisterBrokerRecord',
    value: {
      brokerId: request.brokerId,
      isMigratingZkBroker: false,
      incarnationId: request.incarnationId,
      brokerEpoch,
      endPoints: request.listeners.map(({ name, host, port, securityProtocol }) => ({
        name,
        host,
        port,
        securityProtocol,
      })),
      features: request.features.map(({ name, minSupportedVersion, maxSupportedVersion }) => ({
        name,
        minSupportedVersion,
        maxSupportedVersion,
      })),
      rack: request.rack,
      fenced: before?.fenced ?? true,
      inControlledShutdown: before?.inControlledShutdown ?? false,
      logDirs: request.logDirs,
      cordonedLogDirs: before?.cordonedDirectories ?? null,
    },
  }
}

function electionsOnReturn(
  image: MetadataImage,
  request: BrokerRegistrationRequest,
  before: BrokerImage | undefined,
  context: RegisterBrokerContext,
): MetadataRecord[] {
  const { brokerId } = request
  const lossOf = lossOnReturn(image, before, { ...request, relaxesFlushing: context.relaxesFlushing })
  const brokers =
    before === undefined ? image.brokers : image.brokers.with(brokerId, { ...before, fenced: true })
  return electionRecords({ ...image, brokers }, context, { broker: brokerId, isNewLife: true, lossOf })
}
