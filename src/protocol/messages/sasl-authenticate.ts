/**
 * SaslAuthenticate (36): carries one step of a SASL exchange (KIP-152, KIP-368).
 */
import { bytes, type Input, int16, int64, string, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const saslAuthenticate = api({
  key: 36,
  name: 'SaslAuthenticate',
  versions: [0, 2],
  flexibleSince: 2,
  listeners: ['broker', 'controller'],
  request: { authBytes: bytes() },
  response: {
    errorCode: int16(),
    errorMessage: string({ nullable: true }),
    authBytes: bytes(),
    sessionLifetimeMs: int64({ since: 1, default: 0n, ignorable: true }),
  },
})

export type SaslAuthenticateRequest = Value<typeof saslAuthenticate.request>
export type SaslAuthenticateRequestInput = Input<typeof saslAuthenticate.request>
export type SaslAuthenticateResponse = Value<typeof saslAuthenticate.response>
export type SaslAuthenticateResponseInput = Input<typeof saslAuthenticate.response>
