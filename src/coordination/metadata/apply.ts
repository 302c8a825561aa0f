/**
 * The only writer of the metadata image: committed records in, the next image and what changed out.
 *
 * Total over every KRaft record. A record that does not fit the image (an unknown topic, another life of a broker)
 * or of a type that this code does not know is answered as a problem, and then nothing of the call has happened: the
 * node must not go on with a picture that the others do not have. Records between BeginTransactionRecord and its end
 * take effect together (KIP-868).
 */
import {
  applyBrokerChange,
  applyFeatureLevel,
  applyFence,
  applyProducerIds,
  applyRegisterBroker,
  applyRegisterController,
  applyUnregisterBroker,
  applyUnregisterController,
} from './apply-cluster.ts'
import {
  applyAcl,
  applyConfig,
  applyDelegationToken,
  applyQuota,
  applyRemoveAcl,
  applyRemoveDelegationToken,
  applyRemoveScramUser,
  applyScramUser,
} from './apply-settings.ts'
import {
  applyClearEligibleLeaders,
  applyPartition,
  applyPartitionChange,
  applyRemoveTopic,
  applyTopic,
} from './apply-topics.ts'
import { deltaOf, type MetadataDelta } from './delta.ts'
import { type Draft, draftOf } from './draft.ts'
import type { MetadataImage } from './image.ts'
import type { MetadataRecord } from './record.ts'

export type Applied =
  | { readonly ok: true; readonly image: MetadataImage; readonly delta: MetadataDelta }
  | { readonly ok: false; readonly problem: ApplyProblem }

/** A record that cannot be applied: its place in the call, its type, and why. */
export interface ApplyProblem {
  readonly index: number
  readonly type: string
  readonly reason: string
}

/** The image after `records`, in their order. */
export function apply(image: MetadataImage, records: Iterable<MetadataRecord>): Applied {
  const draft = draftOf(image)
  let index = 0
  for (const record of records) {
    const reason = applyInTransaction(draft, record)
    if (reason !== undefined) return { ok: false, problem: { index, type: record.type, reason } }
    index++
  }
  if (draft.open !== image.openTransaction) draft.image = { ...draft.image, openTransaction: draft.open }
  return { ok: true, image: draft.image, delta: deltaOf(image, draft) }
}

function applyInTransaction(draft: Draft, record: MetadataRecord): string | undefined {
  const { open } = draft
  switch (record.type) {
    case 'BeginTransactionRecord':
      if (open !== null) return 'a transaction is open already'
      draft.open = []
      return undefined
    case 'AbortTransactionRecord':
      if (open === null) return 'no transaction is open'
      draft.open = null
      return undefined
    case 'EndTransactionRecord':
      if (open === null) return 'no transaction is open'
      draft.open = null
      for (const held of open) {
        const reason = applyRecord(draft, held)
        if (reason !== undefined) return `${held.type} in it: ${reason}`
      }
      return undefined
    default:
  }
  if (open === null) return applyRecord(draft, record)
  open.push(record)
  return undefined
}

function applyRecord(draft: Draft, record: MetadataRecord): string | undefined {
  switch (record.type) {
    case 'TopicRecord':
      return applyTopic(draft, record.value)
    case 'PartitionRecord':
      return applyPartition(draft, record.value)
    case 'PartitionChangeRecord':
      return applyPartitionChange(draft, record.value)
    case 'RemoveTopicRecord':
      return applyRemoveTopic(draft, record.value)
    case 'ClearElrRecord':
      return applyClearEligibleLeaders(draft, record.value)
    case 'RegisterBrokerRecord':
      return applyRegisterBroker(draft, record.value)
    case 'UnregisterBrokerRecord':
      return applyUnregisterBroker(draft, record.value)
    case 'FenceBrokerRecord':
      return applyFence(draft, record.value.id, record.value.epoch, true)
    case 'UnfenceBrokerRecord':
      return applyFence(draft, record.value.id, record.value.epoch, false)
    case 'BrokerRegistrationChangeRecord':
      return applyBrokerChange(draft, record.value)
    case 'RegisterControllerRecord':
      return applyRegisterController(draft, record.value)
    case 'UnregisterControllerRecord':
      return applyUnregisterController(draft, record.value)
    case 'FeatureLevelRecord':
      return applyFeatureLevel(draft, record.value)
    case 'ProducerIdsRecord':
      return applyProducerIds(draft, record.value)
    case 'ConfigRecord':
      return applyConfig(draft, record.value)
    case 'ClientQuotaRecord':
      return applyQuota(draft, record.value)
    case 'AccessControlEntryRecord':
      return applyAcl(draft, record.value)
    case 'RemoveAccessControlEntryRecord':
      return applyRemoveAcl(draft, record.value)
    case 'UserScramCredentialRecord':
      return applyScramUser(draft, record.value)
    case 'RemoveUserScramCredentialRecord':
      return applyRemoveScramUser(draft, record.value)
    case 'DelegationTokenRecord':
      return applyDelegationToken(draft, record.value)
    case 'RemoveDelegationTokenRecord':
      return applyRemoveDelegationToken(draft, record.value)
    // Kafka's own past: it says nothing to a cluster that never had a ZooKeeper.
    case 'ZkMigrationStateRecord':
    case 'NoOpRecord':
      return undefined
    case 'BeginTransactionRecord':
    case 'EndTransactionRecord':
    case 'AbortTransactionRecord':
      return 'a transaction within a transaction'
    default:
      return unknownType(record)
  }
}

function unknownType(record: never): string {
  return `unknown type of record: ${JSON.stringify(record)}`
}
