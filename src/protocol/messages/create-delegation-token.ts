/**
 * CreateDelegationToken (38): creates a token that stands for its owner (KIP-48).
 */
import { array, bytes, type Input, int16, int32, int64, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const createDelegationToken = api({
  key: 38,
  name: 'CreateDelegationToken',
  versions: [1, 3],
  flexibleSince: 2,
  listeners: ['broker', 'controller'],
  request: {
    ownerPrincipalType: string({ since: 3, nullable: true }),
    ownerPrincipalName: string({ since: 3, nullable: true }),
    renewers: array(struct({ principalType: string(), principalName: string() })),
    maxLifetimeMs: int64(),
  },
  response: {
    errorCode: int16(),
    principalType: string(),
    principalName: string(),
    tokenRequesterPrincipalType: string({ since: 3 }),
    tokenRequesterPrincipalName: string({ since: 3 }),
    issueTimestampMs: int64(),
    expiryTimestampMs: int64(),
    maxTimestampMs: int64(),
    tokenId: string(),
    hmac: bytes(),
    throttleTimeMs: int32(),
  },
})

export type CreateDelegationTokenRequest = Value<typeof createDelegationToken.request>
export type CreateDelegationTokenRequestInput = Input<typeof createDelegationToken.request>
export type CreateDelegationTokenResponse = Value<typeof createDelegationToken.response>
export type CreateDelegationTokenResponseInput = Input<typeof createDelegationToken.response>
