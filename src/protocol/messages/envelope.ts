/**
 * Envelope (58): carries a client's request from a broker to the controller (KIP-590).
 */
import { bytes, type Input, int16, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const envelope = api({
  key: 58,
  name: 'Envelope',
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['controller'],
  request: { requestData: bytes(), requestPrincipal: bytes({ nullable: true }), clientHostAddress: bytes() },
  response: { responseData: bytes({ nullable: true, default: null }), errorCode: int16() },
})

export type EnvelopeRequest = Value<typeof envelope.request>
export type EnvelopeRequestInput = Input<typeof envelope.request>
export type EnvelopeResponse = Value<typeof envelope.response>
export type EnvelopeResponseInput = Input<typeof envelope.response>
