/**
 * Records of the metadata log about nodes, features, producer ids and transactions of records (KIP-631, KIP-866, KIP-868).
 */
import {
  array,
  bool,
  type Input,
  int8,
  int16,
  int32,
  int64,
  string,
  struct,
  uint16,
  uuid,
  type Value,
} from '../../schema/field.ts'
import { message } from '../../schema/message.ts'

export const abortTransactionRecord = message({
  name: 'AbortTransactionRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: { reason: string({ nullable: true, tag: 0, default: null }) },
})
export type AbortTransactionRecord = Value<typeof abortTransactionRecord>
export type AbortTransactionRecordInput = Input<typeof abortTransactionRecord>

export const beginTransactionRecord = message({
  name: 'BeginTransactionRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: { name: string({ nullable: true, tag: 0, default: null }) },
})
export type BeginTransactionRecord = Value<typeof beginTransactionRecord>
export type BeginTransactionRecordInput = Input<typeof beginTransactionRecord>

export const brokerRegistrationChangeRecord = message({
  name: 'BrokerRegistrationChangeRecord',
  versions: [0, 3],
  flexibleSince: 0,
  fields: {
    brokerId: int32(),
    brokerEpoch: int64(),
    fenced: int8({ tag: 0 }),
    inControlledShutdown: int8({ since: 1, tag: 1 }),
    logDirs: array(uuid(), { since: 2, tag: 2 }),
    cordonedLogDirs: array(uuid(), { since: 3, nullable: true, tag: 3, default: null }),
  },
})
export type BrokerRegistrationChangeRecord = Value<typeof brokerRegistrationChangeRecord>
export type BrokerRegistrationChangeRecordInput = Input<typeof brokerRegistrationChangeRecord>

export const endTransactionRecord = message({
  name: 'EndTransactionRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: {},
})
export type EndTransactionRecord = Value<typeof endTransactionRecord>
export type EndTransactionRecordInput = Input<typeof endTransactionRecord>

export const featureLevelRecord = message({
  name: 'FeatureLevelRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: { name: string(), featureLevel: int16() },
})
export type FeatureLevelRecord = Value<typeof featureLevelRecord>
export type FeatureLevelRecordInput = Input<typeof featureLevelRecord>

export const fenceBrokerRecord = message({
  name: 'FenceBrokerRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: { id: int32(), epoch: int64() },
})
export type FenceBrokerRecord = Value<typeof fenceBrokerRecord>
export type FenceBrokerRecordInput = Input<typeof fenceBrokerRecord>

export const noOpRecord = message({ name: 'NoOpRecord', versions: [0, 0], flexibleSince: 0, fields: {} })
export type NoOpRecord = Value<typeof noOpRecord>
export type NoOpRecordInput = Input<typeof noOpRecord>

export const producerIdsRecord = message({
  name: 'ProducerIdsRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: { brokerId: int32(), brokerEpoch: int64({ default: -1n }), nextProducerId: int64() },
})
export type ProducerIdsRecord = Value<typeof producerIdsRecord>
export type ProducerIdsRecordInput = Input<typeof producerIdsRecord>

export const registerBrokerRecord = message({
  name: 'RegisterBrokerRecord',
  versions: [0, 4],
  flexibleSince: 0,
  fields: {
    brokerId: int32(),
    isMigratingZkBroker: bool({ since: 2, default: false }),
    incarnationId: uuid(),
    brokerEpoch: int64(),
    endPoints: array(struct({ name: string(), host: string(), port: uint16(), securityProtocol: int16() })),
    features: array(struct({ name: string(), minSupportedVersion: int16(), maxSupportedVersion: int16() })),
    rack: string({ nullable: true }),
    fenced: bool({ default: true }),
    inControlledShutdown: bool({ since: 1, default: false }),
    logDirs: array(uuid(), { since: 3, tag: 0 }),
    cordonedLogDirs: array(uuid(), { since: 4, nullable: true, tag: 1, default: null }),
  },
})
export type RegisterBrokerRecord = Value<typeof registerBrokerRecord>
export type RegisterBrokerRecordInput = Input<typeof registerBrokerRecord>

export const registerControllerRecord = message({
  name: 'RegisterControllerRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: {
    controllerId: int32(),
    incarnationId: uuid(),
    zkMigrationReady: bool(),
    endPoints: array(struct({ name: string(), host: string(), port: uint16(), securityProtocol: int16() })),
    features: array(struct({ name: string(), minSupportedVersion: int16(), maxSupportedVersion: int16() })),
  },
})
export type RegisterControllerRecord = Value<typeof registerControllerRecord>
export type RegisterControllerRecordInput = Input<typeof registerControllerRecord>

export const unfenceBrokerRecord = message({
  name: 'UnfenceBrokerRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: { id: int32(), epoch: int64() },
})
export type UnfenceBrokerRecord = Value<typeof unfenceBrokerRecord>
export type UnfenceBrokerRecordInput = Input<typeof unfenceBrokerRecord>

export const unregisterBrokerRecord = message({
  name: 'UnregisterBrokerRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: { brokerId: int32(), brokerEpoch: int64() },
})
export type UnregisterBrokerRecord = Value<typeof unregisterBrokerRecord>
export type UnregisterBrokerRecordInput = Input<typeof unregisterBrokerRecord>

export const unregisterControllerRecord = message({
  name: 'UnregisterControllerRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: { controllerId: int32() },
})
export type UnregisterControllerRecord = Value<typeof unregisterControllerRecord>
export type UnregisterControllerRecordInput = Input<typeof unregisterControllerRecord>

export const zkMigrationStateRecord = message({
  name: 'ZkMigrationStateRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: { zkMigrationState: int8() },
})
export type ZkMigrationStateRecord = Value<typeof zkMigrationStateRecord>
export type ZkMigrationStateRecordInput = Input<typeof zkMigrationStateRecord>
