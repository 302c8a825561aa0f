/**
 * InitProducerId (22): gives an idempotent or transactional producer its id and epoch (KIP-98, KIP-360, KIP-939).
 */
import { bool, type Input, int16, int32, int64, string, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const initProducerId = api({
  key: 22,
  name: 'InitProducerId',
  versions: [0, 6],
  flexibleSince: 2,
  listeners: ['broker'],
  latestVersionUnstable: true,
  request: {
    transactionalId: string({ nullable: true }),
    transactionTimeoutMs: int32(),
    producerId: int64({ since: 3, default: -1n }),
    producerEpoch: int16({ since: 3, default: -1 }),
    enable2Pc: bool({ since: 6, default: false }),
    keepPreparedTxn: bool({ since: 6, default: false }),
  },
  response: {
    throttleTimeMs: int32({ ignorable: true }),
    errorCode: int16(),
    producerId: int64({ default: -1n }),
    producerEpoch: int16(),
    ongoingTxnProducerId: int64({ since: 6, default: -1n }),
    ongoingTxnProducerEpoch: int16({ since: 6, default: -1 }),
  },
})

export type InitProducerIdRequest = Value<typeof initProducerId.request>
export type InitProducerIdRequestInput = Input<typeof initProducerId.request>
export type InitProducerIdResponse = Value<typeof initProducerId.response>
export type InitProducerIdResponseInput = Input<typeof initProducerId.response>
