/**
 * How records of configs, quotas, ACLs, SCRAM users and delegation tokens change the image.
 *
 * Removing what is not there is no fault: such a record has nothing left to say.
 */

import { OrderedMap } from '../ordered-map.ts'
import type { Draft } from './draft.ts'
import { configResourceKey } from './image.ts'
import type {
  AccessControlEntryRecord,
  ClientQuotaRecord,
  ConfigRecord,
  DelegationTokenRecord,
  RemoveAccessControlEntryRecord,
  RemoveDelegationTokenRecord,
  RemoveUserScramCredentialRecord,
  UserScramCredentialRecord,
} from './record.ts'

export function applyConfig(draft: Draft, record: ConfigRecord): undefined {
  const resource = { type: record.resourceType, name: record.resourceName }
  const key = configResourceKey(resource)
  const before = draft.image.configs.get(key)?.values ?? OrderedMap.empty<string, string>()
  const values = record.value === null ? before.without(record.name) : before.with(record.name, record.value)
  const { configs } = draft.image
  draft.image = {
    ...draft.image,
    configs: values.size === 0 ? configs.without(key) : configs.with(key, { resource, values }),
  }
  draft.configs.add(key)
}

/** The key of a quota's entity in an image: its parts in order, so that (user, client) is (client, user). */
export function quotaEntityKey(entity: ClientQuotaRecord['entity']): string {
  const parts = entity.map((part) => JSON.stringify([part.entityType, part.entityName]))
  return parts.sort().join()
}

export function applyQuota(draft: Draft, record: ClientQuotaRecord): undefined {
  const key = quotaEntityKey(record.entity)
  const before = draft.image.quotas.get(key)?.values ?? OrderedMap.empty<string, number>()
  const values = record.remove ? before.without(record.key) : before.with(record.key, record.value)
  const { quotas } = draft.image
  draft.image = {
    ...draft.image,
    quotas: values.size === 0 ? quotas.without(key) : quotas.with(key, { entity: record.entity, values }),
  }
  draft.quotas.add(key)
}

export function applyAcl(draft: Draft, record: AccessControlEntryRecord): undefined {
  draft.image = { ...draft.image, acls: draft.image.acls.with(record.id, record) }
}

export function applyRemoveAcl(draft: Draft, record: RemoveAccessControlEntryRecord): undefined {
  draft.image = { ...draft.image, acls: draft.image.acls.without(record.id) }
}

/** The key of a user's credential in an image: one user may have one for each mechanism. */
export function scramUserKey(user: { readonly name: string; readonly mechanism: number }): string {
  return `${user.mechanism}:${user.name}`
}

export function applyScramUser(draft: Draft, record: UserScramCredentialRecord): undefined {
  const scramUsers = draft.image.scramUsers.with(scramUserKey(record), record)
  draft.image = { ...draft.image, scramUsers }
}

export function applyRemoveScramUser(draft: Draft, record: RemoveUserScramCredentialRecord): undefined {
  const scramUsers = draft.image.scramUsers.without(scramUserKey(record))
  draft.image = { ...draft.image, scramUsers }
}

export function applyDelegationToken(draft: Draft, record: DelegationTokenRecord): undefined {
  const delegationTokens = draft.image.delegationTokens.with(record.tokenId, record)
  draft.image = { ...draft.image, delegationTokens }
}

export function applyRemoveDelegationToken(draft: Draft, record: RemoveDelegationTokenRecord): undefined {
  const delegationTokens = draft.image.delegationTokens.without(record.tokenId)
  draft.image = { ...draft.image, delegationTokens }
}
