/**
 * AddOffsetsToTxn (25): adds a group's offsets to a transaction (KIP-98).
 */
import { type Input, int16, int32, int64, string, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const addOffsetsToTxn = api({
  key: 25,
  name: 'AddOffsetsToTxn',
  versions: [0, 4],
  flexibleSince: 3,
  listeners: ['broker'],
  request: { transactionalId: string(), producerId: int64(), producerEpoch: int16(), groupId: string() },
  response: { throttleTimeMs: int32(), errorCode: int16() },
})

export type AddOffsetsToTxnRequest = Value<typeof addOffsetsToTxn.request>
export type AddOffsetsToTxnRequestInput = Input<typeof addOffsetsToTxn.request>
export type AddOffsetsToTxnResponse = Value<typeof addOffsetsToTxn.response>
export type AddOffsetsToTxnResponseInput = Input<typeof addOffsetsToTxn.response>
