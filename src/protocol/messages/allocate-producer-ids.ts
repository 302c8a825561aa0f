/**
 * AllocateProducerIds (67): hands a block of producer ids to a broker (KIP-730).
 */
import { type Input, int16, int32, int64, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const allocateProducerIds = api({
  key: 67,
  name: 'AllocateProducerIds',
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['controller'],
  request: { brokerId: int32(), brokerEpoch: int64({ default: -1n }) },
  response: { throttleTimeMs: int32(), errorCode: int16(), producerIdStart: int64(), producerIdLen: int32() },
})

export type AllocateProducerIdsRequest = Value<typeof allocateProducerIds.request>
export type AllocateProducerIdsRequestInput = Input<typeof allocateProducerIds.request>
export type AllocateProducerIdsResponse = Value<typeof allocateProducerIds.response>
export type AllocateProducerIdsResponseInput = Input<typeof allocateProducerIds.response>
