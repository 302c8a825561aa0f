/**
 * RenewDelegationToken (39): prolongs a delegation token (KIP-48).
 */
import { bytes, type Input, int16, int32, int64, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const renewDelegationToken = api({
  key: 39,
  name: 'RenewDelegationToken',
  versions: [1, 2],
  flexibleSince: 2,
  listeners: ['broker', 'controller'],
  request: { hmac: bytes(), renewPeriodMs: int64() },
  response: { errorCode: int16(), expiryTimestampMs: int64(), throttleTimeMs: int32() },
})

export type RenewDelegationTokenRequest = Value<typeof renewDelegationToken.request>
export type RenewDelegationTokenRequestInput = Input<typeof renewDelegationToken.request>
export type RenewDelegationTokenResponse = Value<typeof renewDelegationToken.response>
export type RenewDelegationTokenResponseInput = Input<typeof renewDelegationToken.response>
