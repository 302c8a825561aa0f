/**
 * BrokerHeartbeat: a registered broker becomes active, asks to be fenced, or asks to stop.
 *
 * It is unfenced once it has read the metadata up to its own registration. A broker that wants to stop gives away
 * what it leads first and is told to go when nobody else depends on it. Whether a silent broker is fenced is for
 * `fence-broker.ts` to say. A broker also tells which of its directories are cordoned.
 */
import { errorCode } from '../../../protocol/errors.ts'
import type {
  BrokerHeartbeatRequest,
  BrokerHeartbeatResponseInput,
} from '../../../protocol/messages/broker-heartbeat.ts'
import type { NodeFacts } from '../config-layers.ts'
import type { MetadataDecision } from '../decision.ts'
import { electionRecords, nothingLost } from '../elections.ts'
import type { BrokerImage, MetadataImage } from '../image.ts'
import { isActive } from '../new-partition.ts'
import type { MetadataRecord } from '../record.ts'

type Decision = MetadataDecision<BrokerHeartbeatResponseInput>

const FENCE = 1
const UNFENCE = -1
const UNCHANGED = 0
const ENTERS_SHUTDOWN = 1
/** 4.3-IV0 */
const FIRST_METADATA_VERSION_WITH_CORDONS = 30

export function decideBrokerHeartbeat(
  image: MetadataImage,
  request: BrokerHeartbeatRequest,
  node: NodeFacts,
): Decision {
  const broker = image.brokers.get(request.brokerId)
  if (broker === undefined) return refused(errorCode.BROKER_ID_NOT_REGISTERED)
  if (broker.epoch !== request.brokerEpoch) return refused(errorCode.STALE_BROKER_EPOCH)
  const decision = decideLife(image, request, node, broker)
  const cordon = cordonRecords(image, request, broker)
  return { ...decision, records: [...decision.records, ...cordon] }
}

/** The directories that shall take no new replicas, where they are others than before (KIP-1066). */
function cordonRecords(
  image: MetadataImage,
  { cordonedLogDirs }: BrokerHeartbeatRequest,
  broker: BrokerImage,
): MetadataRecord[] {
  if (cordonedLogDirs === null || !knowsCordons(image)) return []
  const before = new Set(broker.cordonedDirectories)
  if (cordonedLogDirs.length === before.size && cordonedLogDirs.every((id) => before.has(id))) return []
  return [registrationChange(broker, { cordonedLogDirs })]
}

function knowsCordons(image: MetadataImage): boolean {
  return (image.features.get('metadata.version') ?? 0) >= FIRST_METADATA_VERSION_WITH_CORDONS
}

/** What becomes of the broker itself: active, fenced, on its way out. */
function decideLife(
  image: MetadataImage,
  request: BrokerHeartbeatRequest,
  node: NodeFacts,
  broker: BrokerImage,
): Decision {
  const isCaughtUp = request.currentMetadataOffset >= broker.epoch
  if (request.wantShutDown) return shutDown(image, node, broker, isCaughtUp)
  if (request.wantFence) {
    const records = broker.fenced ? [] : changeRecords(image, node, broker, { fenced: FENCE })
    return answered(records, { isCaughtUp, isFenced: true, shouldShutDown: false })
  }
  if (!broker.fenced) return answered([], { isCaughtUp, isFenced: false, shouldShutDown: false })
  if (!isCaughtUp) return answered([], { isCaughtUp, isFenced: true, shouldShutDown: false })
  const records = changeRecords(image, node, broker, { fenced: UNFENCE })
  return answered(records, { isCaughtUp, isFenced: false, shouldShutDown: false })
}

function shutDown(image: MetadataImage, node: NodeFacts, broker: BrokerImage, isCaughtUp: boolean): Decision {
  if (broker.fenced) return answered([], { isCaughtUp, isFenced: true, shouldShutDown: true })
  const leads = (image.loads.get(broker.id)?.leaders ?? 0) > 0
  const others = [...image.brokers.values()].some((other) => other.id !== broker.id && isActive(other))
  if (!broker.inControlledShutdown && leads && others) {
    const records = changeRecords(image, node, broker, { inControlledShutdown: ENTERS_SHUTDOWN })
    return answered(records, { isCaughtUp, isFenced: false, shouldShutDown: false })
  }
  // Nothing is left that somebody else could lead: it goes, and is fenced from now on.
  const records = changeRecords(image, node, broker, { fenced: FENCE })
  return answered(records, { isCaughtUp, isFenced: true, shouldShutDown: true })
}

interface Change {
  readonly fenced?: number
  readonly inControlledShutdown?: number
}

/** The change of the broker and what it means for partitions. */
export function changeRecords(
  image: MetadataImage,
  node: NodeFacts,
  broker: BrokerImage,
  change: Change,
): MetadataRecord[] {
  const fenced = change.fenced ?? UNCHANGED
  const inControlledShutdown = change.inControlledShutdown ?? UNCHANGED
  const after: BrokerImage = {
    ...broker,
    fenced: fenced === UNCHANGED ? broker.fenced : fenced === FENCE,
    inControlledShutdown: inControlledShutdown === ENTERS_SHUTDOWN || broker.inControlledShutdown,
  }
  const changed = { ...image, brokers: image.brokers.with(broker.id, after) }
  return [
    registrationChange(broker, { fenced, inControlledShutdown }),
    ...electionRecords(changed, node, { broker: broker.id, isNewLife: false, lossOf: nothingLost }),
  ]
}

function registrationChange(
  { id, epoch }: BrokerImage,
  change: Change & { readonly cordonedLogDirs?: readonly string[] },
): MetadataRecord {
  const { fenced = UNCHANGED, inControlledShutdown = UNCHANGED, cordonedLogDirs = null } = change
  return {
    type: 'BrokerRegistrationChangeRecord',
    value: { brokerId: id, brokerEpoch: epoch, fenced, inControlledShutdown, logDirs: [], cordonedLogDirs },
  }
}

function refused(code: number): Decision {
  const reply = {
    throttleTimeMs: 0,
    errorCode: code,
    isCaughtUp: false,
    isFenced: true,
    shouldShutDown: false,
  }
  return { records: [], reply }
}

function answered(
  records: readonly MetadataRecord[],
  state: { isCaughtUp: boolean; isFenced: boolean; shouldShutDown: boolean },
): Decision {
  return { records, reply: { throttleTimeMs: 0, errorCode: 0, ...state } }
}
