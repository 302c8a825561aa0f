/**
 * The records of the metadata log as a closed union, and their bytes: frame version 1, type and version as
 * unsigned varints, then the record (KIP-631).
 *
 * Written at the version that goes with the metadata.version which this broker reports; read at any.
 */
import { compile, encodeToBuffer } from '../codec/compile.ts'
import { Reader } from '../codec/reader.ts'
import type { Fields } from '../schema/field.ts'
import { hasVersion, type Message } from '../schema/message.ts'
import { catchWireFault, type Decoded, wireError } from '../wire-error.ts'
import {
  type AbortTransactionRecord,
  abortTransactionRecord,
  type BeginTransactionRecord,
  type BrokerRegistrationChangeRecord,
  beginTransactionRecord,
  brokerRegistrationChangeRecord,
  type EndTransactionRecord,
  endTransactionRecord,
  type FeatureLevelRecord,
  type FenceBrokerRecord,
  featureLevelRecord,
  fenceBrokerRecord,
  type NoOpRecord,
  noOpRecord,
  type ProducerIdsRecord,
  producerIdsRecord,
  type RegisterBrokerRecord,
  type RegisterControllerRecord,
  registerBrokerRecord,
  registerControllerRecord,
  type UnfenceBrokerRecord,
  type UnregisterBrokerRecord,
  type UnregisterControllerRecord,
  unfenceBrokerRecord,
  unregisterBrokerRecord,
  unregisterControllerRecord,
  type ZkMigrationStateRecord,
  zkMigrationStateRecord,
} from './metadata/cluster-records.ts'
import {
  type AccessControlEntryRecord,
  accessControlEntryRecord,
  type ClientQuotaRecord,
  type ConfigRecord,
  clientQuotaRecord,
  configRecord,
  type DelegationTokenRecord,
  delegationTokenRecord,
  type RemoveAccessControlEntryRecord,
  type RemoveDelegationTokenRecord,
  type RemoveUserScramCredentialRecord,
  removeAccessControlEntryRecord,
  removeDelegationTokenRecord,
  removeUserScramCredentialRecord,
  type UserScramCredentialRecord,
  userScramCredentialRecord,
} from './metadata/settings-records.ts'
import {
  type ClearElrRecord,
  clearElrRecord,
  type PartitionChangeRecord,
  type PartitionRecord,
  partitionChangeRecord,
  partitionRecord,
  type RemoveTopicRecord,
  removeTopicRecord,
  type TopicRecord,
  topicRecord,
} from './metadata/topic-records.ts'

export type * from './metadata/cluster-records.ts'
export type * from './metadata/settings-records.ts'
export type * from './metadata/topic-records.ts'

export type MetadataRecord =
  | { readonly type: 'RegisterBrokerRecord'; readonly value: RegisterBrokerRecord }
  | { readonly type: 'UnregisterBrokerRecord'; readonly value: UnregisterBrokerRecord }
  | { readonly type: 'TopicRecord'; readonly value: TopicRecord }
  | { readonly type: 'PartitionRecord'; readonly value: PartitionRecord }
  | { readonly type: 'ConfigRecord'; readonly value: ConfigRecord }
  | { readonly type: 'PartitionChangeRecord'; readonly value: PartitionChangeRecord }
  | { readonly type: 'FenceBrokerRecord'; readonly value: FenceBrokerRecord }
  | { readonly type: 'UnfenceBrokerRecord'; readonly value: UnfenceBrokerRecord }
  | { readonly type: 'RemoveTopicRecord'; readonly value: RemoveTopicRecord }
  | { readonly type: 'DelegationTokenRecord'; readonly value: DelegationTokenRecord }
  | { readonly type: 'UserScramCredentialRecord'; readonly value: UserScramCredentialRecord }
  | { readonly type: 'FeatureLevelRecord'; readonly value: FeatureLevelRecord }
  | { readonly type: 'ClientQuotaRecord'; readonly value: ClientQuotaRecord }
  | { readonly type: 'ProducerIdsRecord'; readonly value: ProducerIdsRecord }
  | { readonly type: 'BrokerRegistrationChangeRecord'; readonly value: BrokerRegistrationChangeRecord }
  | { readonly type: 'AccessControlEntryRecord'; readonly value: AccessControlEntryRecord }
  | { readonly type: 'RemoveAccessControlEntryRecord'; readonly value: RemoveAccessControlEntryRecord }
  | { readonly type: 'NoOpRecord'; readonly value: NoOpRecord }
  | { readonly type: 'ZkMigrationStateRecord'; readonly value: ZkMigrationStateRecord }
  | { readonly type: 'RemoveUserScramCredentialRecord'; readonly value: RemoveUserScramCredentialRecord }
  | { readonly type: 'BeginTransactionRecord'; readonly value: BeginTransactionRecord }
  | { readonly type: 'EndTransactionRecord'; readonly value: EndTransactionRecord }
  | { readonly type: 'AbortTransactionRecord'; readonly value: AbortTransactionRecord }
  | { readonly type: 'RemoveDelegationTokenRecord'; readonly value: RemoveDelegationTokenRecord }
  | { readonly type: 'RegisterControllerRecord'; readonly value: RegisterControllerRecord }
  | { readonly type: 'ClearElrRecord'; readonly value: ClearElrRecord }
  | { readonly type: 'UnregisterControllerRecord'; readonly value: UnregisterControllerRecord }

export type MetadataRecordType = MetadataRecord['type']

const FRAME_VERSION = 1

/** Type number and schema of each record. */
const schemas: Readonly<
  Record<MetadataRecordType, { readonly key: number; readonly message: Message<Fields> }>
> = {
  RegisterBrokerRecord: { key: 0, message: registerBrokerRecord as unknown as Message },
  UnregisterBrokerRecord: { key: 1, message: unregisterBrokerRecord as unknown as Message },
  TopicRecord: { key: 2, message: topicRecord as unknown as Message },
  PartitionRecord: { key: 3, message: partitionRecord as unknown as Message },
  ConfigRecord: { key: 4, message: configRecord as unknown as Message },
  PartitionChangeRecord: { key: 5, message: partitionChangeRecord as unknown as Message },
  FenceBrokerRecord: { key: 7, message: fenceBrokerRecord as unknown as Message },
  UnfenceBrokerRecord: { key: 8, message: unfenceBrokerRecord as unknown as Message },
  RemoveTopicRecord: { key: 9, message: removeTopicRecord as unknown as Message },
  DelegationTokenRecord: { key: 10, message: delegationTokenRecord as unknown as Message },
  UserScramCredentialRecord: { key: 11, message: userScramCredentialRecord as unknown as Message },
  FeatureLevelRecord: { key: 12, message: featureLevelRecord as unknown as Message },
  ClientQuotaRecord: { key: 14, message: clientQuotaRecord as unknown as Message },
  ProducerIdsRecord: { key: 15, message: producerIdsRecord as unknown as Message },
  BrokerRegistrationChangeRecord: { key: 17, message: brokerRegistrationChangeRecord as unknown as Message },
  AccessControlEntryRecord: { key: 18, message: accessControlEntryRecord as unknown as Message },
  RemoveAccessControlEntryRecord: { key: 19, message: removeAccessControlEntryRecord as unknown as Message },
  NoOpRecord: { key: 20, message: noOpRecord as unknown as Message },
  ZkMigrationStateRecord: { key: 21, message: zkMigrationStateRecord as unknown as Message },
  RemoveUserScramCredentialRecord: {
    key: 22,
    message: removeUserScramCredentialRecord as unknown as Message,
  },
  BeginTransactionRecord: { key: 23, message: beginTransactionRecord as unknown as Message },
  EndTransactionRecord: { key: 24, message: endTransactionRecord as unknown as Message },
  AbortTransactionRecord: { key: 25, message: abortTransactionRecord as unknown as Message },
  RemoveDelegationTokenRecord: { key: 26, message: removeDelegationTokenRecord as unknown as Message },
  RegisterControllerRecord: { key: 27, message: registerControllerRecord as unknown as Message },
  ClearElrRecord: { key: 28, message: clearElrRecord as unknown as Message },
  UnregisterControllerRecord: { key: 29, message: unregisterControllerRecord as unknown as Message },
}

const byKey = new Map(
  Object.entries(schemas).map(([type, { key, message }]) => [
    key,
    { type: type as MetadataRecordType, message },
  ]),
)

/** The bytes of a record's value in the metadata log. */
export function encodeMetadataRecord(record: MetadataRecord): Buffer {
  const { key, message } = schemas[record.type]
  const version = message.versions.max
  // Frame version, type and version are below 128, so each is one byte.
  return Buffer.concat([
    Buffer.from([FRAME_VERSION, key, version]),
    encodeToBuffer(message, version, record.value as never),
  ])
}

/** Reads a record's value; a type or version that is not known is an error, never skipped. */
export function decodeMetadataRecord(buffer: Buffer): Decoded<MetadataRecord> {
  return catchWireFault<MetadataRecord>(() => {
    const reader = new Reader(buffer)
    const frameVersion = reader.uvarint()
    if (frameVersion !== FRAME_VERSION)
      return wireError('unknown-version', `frame version ${frameVersion}`, 0)
    const key = reader.uvarint()
    const known = byKey.get(key)
    if (known === undefined) return wireError('unknown-type', `metadata record type ${key}`, 1)
    const version = reader.uvarint()
    if (!hasVersion(known.message, version))
      return wireError('unknown-version', `${known.type} version ${version}`, 2)
    const decoded = compile(known.message, version).decode(buffer, reader.position)
    if (!decoded.ok) return decoded
    if (decoded.position !== buffer.length)
      return wireError(
        'trailing-bytes',
        `${buffer.length - decoded.position} bytes behind a ${known.type}`,
        decoded.position,
      )
    // The schema was chosen by the type, so the value is that type's.
    return {
      ok: true,
      value: { type: known.type, value: decoded.value } as unknown as MetadataRecord,
      position: decoded.position,
    }
  })
}
