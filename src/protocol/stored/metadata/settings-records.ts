/**
 * Records of the metadata log about configs, quotas, ACLs, SCRAM users and delegation tokens.
 */
import {
  array,
  bool,
  bytes,
  float64,
  type Input,
  int8,
  int32,
  int64,
  string,
  struct,
  uuid,
  type Value,
} from '../../schema/field.ts'
import { message } from '../../schema/message.ts'

export const accessControlEntryRecord = message({
  name: 'AccessControlEntryRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: {
    id: uuid(),
    resourceType: int8(),
    resourceName: string(),
    patternType: int8(),
    principal: string(),
    host: string(),
    operation: int8(),
    permissionType: int8(),
  },
})
export type AccessControlEntryRecord = Value<typeof accessControlEntryRecord>
export type AccessControlEntryRecordInput = Input<typeof accessControlEntryRecord>

export const clientQuotaRecord = message({
  name: 'ClientQuotaRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: {
    entity: array(struct({ entityType: string(), entityName: string({ nullable: true }) })),
    key: string(),
    value: float64(),
    remove: bool(),
  },
})
export type ClientQuotaRecord = Value<typeof clientQuotaRecord>
export type ClientQuotaRecordInput = Input<typeof clientQuotaRecord>

export const configRecord = message({
  name: 'ConfigRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: { resourceType: int8(), resourceName: string(), name: string(), value: string({ nullable: true }) },
})
export type ConfigRecord = Value<typeof configRecord>
export type ConfigRecordInput = Input<typeof configRecord>

export const delegationTokenRecord = message({
  name: 'DelegationTokenRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: {
    owner: string(),
    requester: string(),
    renewers: array(string()),
    issueTimestamp: int64(),
    maxTimestamp: int64(),
    expirationTimestamp: int64(),
    tokenId: string(),
  },
})
export type DelegationTokenRecord = Value<typeof delegationTokenRecord>
export type DelegationTokenRecordInput = Input<typeof delegationTokenRecord>

export const removeAccessControlEntryRecord = message({
  name: 'RemoveAccessControlEntryRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: { id: uuid() },
})
export type RemoveAccessControlEntryRecord = Value<typeof removeAccessControlEntryRecord>
export type RemoveAccessControlEntryRecordInput = Input<typeof removeAccessControlEntryRecord>

export const removeDelegationTokenRecord = message({
  name: 'RemoveDelegationTokenRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: { tokenId: string() },
})
export type RemoveDelegationTokenRecord = Value<typeof removeDelegationTokenRecord>
export type RemoveDelegationTokenRecordInput = Input<typeof removeDelegationTokenRecord>

export const removeUserScramCredentialRecord = message({
  name: 'RemoveUserScramCredentialRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: { name: string(), mechanism: int8() },
})
export type RemoveUserScramCredentialRecord = Value<typeof removeUserScramCredentialRecord>
export type RemoveUserScramCredentialRecordInput = Input<typeof removeUserScramCredentialRecord>

export const userScramCredentialRecord = message({
  name: 'UserScramCredentialRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: {
    name: string(),
    mechanism: int8(),
    salt: bytes(),
    storedKey: bytes(),
    serverKey: bytes(),
    iterations: int32(),
  },
})
export type UserScramCredentialRecord = Value<typeof userScramCredentialRecord>
export type UserScramCredentialRecordInput = Input<typeof userScramCredentialRecord>
