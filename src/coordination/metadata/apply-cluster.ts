/**
 * How records of brokers, controllers, features and producer ids change the image.
 */

import { forgetEligibleLeaders } from './apply-topics.ts'
import type { Draft } from './draft.ts'
import { ELIGIBLE_LEADERS_FEATURE } from './features.ts'
import type { BrokerImage } from './image.ts'
import type {
  BrokerRegistrationChangeRecord,
  FeatureLevelRecord,
  ProducerIdsRecord,
  RegisterBrokerRecord,
  RegisterControllerRecord,
  UnregisterBrokerRecord,
  UnregisterControllerRecord,
} from './record.ts'

export function applyRegisterBroker(draft: Draft, record: RegisterBrokerRecord): undefined {
  const broker: BrokerImage = {
    id: record.brokerId,
    epoch: record.brokerEpoch,
    incarnationId: record.incarnationId,
    endPoints: record.endPoints,
    features: record.features,
    rack: record.rack,
    fenced: record.fenced,
    inControlledShutdown: record.inControlledShutdown,
    directories: record.logDirs,
    cordonedDirectories: record.cordonedLogDirs ?? [],
  }
  putBroker(draft, broker)
}

function putBroker(draft: Draft, broker: BrokerImage): void {
  draft.image = { ...draft.image, brokers: draft.image.brokers.with(broker.id, broker) }
  draft.brokers.add(broker.id)
}

/** The broker, or why the record does not fit it: an epoch of another life of it must change nothing. */
function brokerOfEpoch(draft: Draft, id: number, epoch: bigint): BrokerImage | string {
  const broker = draft.image.brokers.get(id)
  if (broker === undefined) return `broker ${id} is not registered`
  if (broker.epoch !== epoch) return `broker ${id} has epoch ${broker.epoch}, the record ${epoch}`
  return broker
}

export function applyUnregisterBroker(draft: Draft, record: UnregisterBrokerRecord): string | undefined {
  const broker = brokerOfEpoch(draft, record.brokerId, record.brokerEpoch)
  if (typeof broker === 'string') return broker
  draft.image = { ...draft.image, brokers: draft.image.brokers.without(broker.id) }
  draft.brokers.add(broker.id)
  return undefined
}

export function applyFence(draft: Draft, id: number, epoch: bigint, fenced: boolean): string | undefined {
  const broker = brokerOfEpoch(draft, id, epoch)
  if (typeof broker === 'string') return broker
  putBroker(draft, { ...broker, fenced })
  return undefined
}

export function applyBrokerChange(draft: Draft, record: BrokerRegistrationChangeRecord): string | undefined {
  const broker = brokerOfEpoch(draft, record.brokerId, record.brokerEpoch)
  if (typeof broker === 'string') return broker
  putBroker(draft, {
    ...broker,
    // 1 fences, -1 unfences, 0 leaves it.
    fenced: record.fenced === 0 ? broker.fenced : record.fenced > 0,
    inControlledShutdown: record.inControlledShutdown === 0 ? broker.inControlledShutdown : true,
    directories: record.logDirs.length === 0 ? broker.directories : record.logDirs,
    cordonedDirectories: record.cordonedLogDirs ?? broker.cordonedDirectories,
  })
  return undefined
}

export function applyRegisterController(draft: Draft, record: RegisterControllerRecord): undefined {
  draft.image = { ...draft.image, controllers: draft.image.controllers.with(record.controllerId, record) }
}

export function applyUnregisterController(draft: Draft, record: UnregisterControllerRecord): undefined {
  draft.image = { ...draft.image, controllers: draft.image.controllers.without(record.controllerId) }
}

export function applyFeatureLevel(draft: Draft, record: FeatureLevelRecord): undefined {
  const { features } = draft.image
  const changed =
    record.featureLevel === 0
      ? features.without(record.name)
      : features.with(record.name, record.featureLevel)
  draft.image = { ...draft.image, features: changed }
  draft.features.add(record.name)
  if (record.name === ELIGIBLE_LEADERS_FEATURE && record.featureLevel === 0) forgetEligibleLeaders(draft)
}

export function applyProducerIds(draft: Draft, record: ProducerIdsRecord): string | undefined {
  const { nextProducerId } = draft.image.producerIds
  // Trap 16: an id that was handed out once must never be handed out again.
  if (record.nextProducerId < nextProducerId) {
    return `next producer id ${record.nextProducerId} is below ${nextProducerId}`
  }
  draft.image = { ...draft.image, producerIds: record }
  return undefined
}
