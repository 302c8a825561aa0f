/**
 * UnregisterBroker (64): forgets a broker (KIP-631).
 */
import { type Input, int16, int32, string, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const unregisterBroker = api({
  key: 64,
  name: 'UnregisterBroker',
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['broker', 'controller'],
  request: { brokerId: int32() },
  response: { throttleTimeMs: int32(), errorCode: int16(), errorMessage: string({ nullable: true }) },
})

export type UnregisterBrokerRequest = Value<typeof unregisterBroker.request>
export type UnregisterBrokerRequestInput = Input<typeof unregisterBroker.request>
export type UnregisterBrokerResponse = Value<typeof unregisterBroker.response>
export type UnregisterBrokerResponseInput = Input<typeof unregisterBroker.response>
