/**
 * The records of the metadata log as a closed union, and their bytes: frame version 1, type and version as
 * unsigned varints, then the record (KIP-631).
 *
 * Written at the version that goes with the metadata.version which this broker reports; read at any.
 */

import { type FramedInputOf, type FramedOf, framedRecords } from './framed-record.ts'
import {
  abortTransactionRecord,
  beginTransactionRecord,
  brokerRegistrationChangeRecord,
  endTransactionRecord,
  featureLevelRecord,
  fenceBrokerRecord,
  noOpRecord,
  producerIdsRecord,
  registerBrokerRecord,
  registerControllerRecord,
  unfenceBrokerRecord,
  unregisterBrokerRecord,
  unregisterControllerRecord,
  zkMigrationStateRecord,
} from './metadata/cluster-records.ts'
import {
  accessControlEntryRecord,
  clientQuotaRecord,
  configRecord,
  delegationTokenRecord,
  removeAccessControlEntryRecord,
  removeDelegationTokenRecord,
  removeUserScramCredentialRecord,
  userScramCredentialRecord,
} from './metadata/settings-records.ts'
import {
  clearElrRecord,
  partitionChangeRecord,
  partitionRecord,
  removeTopicRecord,
  topicRecord,
} from './metadata/topic-records.ts'

export type * from './metadata/cluster-records.ts'
export type * from './metadata/settings-records.ts'
export type * from './metadata/topic-records.ts'

/** Number and schemas by name. */
export const metadataRecordTypes = {
  RegisterBrokerRecord: { id: 0, message: registerBrokerRecord },
  UnregisterBrokerRecord: { id: 1, message: unregisterBrokerRecord },
  TopicRecord: { id: 2, message: topicRecord },
  PartitionRecord: { id: 3, message: partitionRecord },
  ConfigRecord: { id: 4, message: configRecord },
  PartitionChangeRecord: { id: 5, message: partitionChangeRecord },
  FenceBrokerRecord: { id: 7, message: fenceBrokerRecord },
  UnfenceBrokerRecord: { id: 8, message: unfenceBrokerRecord },
  RemoveTopicRecord: { id: 9, message: removeTopicRecord },
  DelegationTokenRecord: { id: 10, message: delegationTokenRecord },
  UserScramCredentialRecord: { id: 11, message: userScramCredentialRecord },
  FeatureLevelRecord: { id: 12, message: featureLevelRecord },
  ClientQuotaRecord: { id: 14, message: clientQuotaRecord },
  ProducerIdsRecord: { id: 15, message: producerIdsRecord },
  BrokerRegistrationChangeRecord: { id: 17, message: brokerRegistrationChangeRecord },
  AccessControlEntryRecord: { id: 18, message: accessControlEntryRecord },
  RemoveAccessControlEntryRecord: { id: 19, message: removeAccessControlEntryRecord },
  NoOpRecord: { id: 20, message: noOpRecord },
  ZkMigrationStateRecord: { id: 21, message: zkMigrationStateRecord },
  RemoveUserScramCredentialRecord: { id: 22, message: removeUserScramCredentialRecord },
  BeginTransactionRecord: { id: 23, message: beginTransactionRecord },
  EndTransactionRecord: { id: 24, message: endTransactionRecord },
  AbortTransactionRecord: { id: 25, message: abortTransactionRecord },
  RemoveDelegationTokenRecord: { id: 26, message: removeDelegationTokenRecord },
  RegisterControllerRecord: { id: 27, message: registerControllerRecord },
  ClearElrRecord: { id: 28, message: clearElrRecord },
  UnregisterControllerRecord: { id: 29, message: unregisterControllerRecord },
}

export type MetadataRecord = FramedOf<typeof metadataRecordTypes>
export type MetadataRecordInput = FramedInputOf<typeof metadataRecordTypes>
export type MetadataRecordType = MetadataRecord['type']

const metadataRecords = framedRecords(metadataRecordTypes)

/** The bytes of a record in the metadata log, at its newest version unless the metadata.version says otherwise. */
export const encodeMetadataRecord = metadataRecords.encode

/** Reads a record of the metadata log; a type or version that is not known is an error, never skipped. */
export const decodeMetadataRecord = metadataRecords.decode
