/**
 * ExpireDelegationToken (40): ends a delegation token (KIP-48).
 */
import { bytes, type Input, int16, int32, int64, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const expireDelegationToken = api({
  key: 40,
  name: 'ExpireDelegationToken',
  versions: [1, 2],
  flexibleSince: 2,
  listeners: ['broker', 'controller'],
  request: { hmac: bytes(), expiryTimePeriodMs: int64() },
  response: { errorCode: int16(), expiryTimestampMs: int64(), throttleTimeMs: int32() },
})

export type ExpireDelegationTokenRequest = Value<typeof expireDelegationToken.request>
export type ExpireDelegationTokenRequestInput = Input<typeof expireDelegationToken.request>
export type ExpireDelegationTokenResponse = Value<typeof expireDelegationToken.response>
export type ExpireDelegationTokenResponseInput = Input<typeof expireDelegationToken.response>
