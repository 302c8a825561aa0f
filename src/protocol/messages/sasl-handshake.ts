/**
 * SaslHandshake (17): chooses a SASL mechanism (KIP-43, KIP-152).
 */
import { array, type Input, int16, string, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const saslHandshake = api({
  key: 17,
  name: 'SaslHandshake',
  versions: [0, 1],
  listeners: ['broker', 'controller'],
  request: { mechanism: string() },
  response: { errorCode: int16(), mechanisms: array(string()) },
})

export type SaslHandshakeRequest = Value<typeof saslHandshake.request>
export type SaslHandshakeRequestInput = Input<typeof saslHandshake.request>
export type SaslHandshakeResponse = Value<typeof saslHandshake.response>
export type SaslHandshakeResponseInput = Input<typeof saslHandshake.response>
