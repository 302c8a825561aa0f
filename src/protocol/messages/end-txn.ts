/**
 * EndTxn (26): commits or aborts a transaction; answers a new epoch since 5 (KIP-890).
 */
import { bool, type Input, int16, int32, int64, string, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const endTxn = api({
  key: 26,
  name: 'EndTxn',
  versions: [0, 5],
  flexibleSince: 3,
  listeners: ['broker'],
  request: { transactionalId: string(), producerId: int64(), producerEpoch: int16(), committed: bool() },
  response: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    producerId: int64({ since: 5, default: -1n, ignorable: true }),
    producerEpoch: int16({ since: 5, default: -1, ignorable: true }),
  },
})

export type EndTxnRequest = Value<typeof endTxn.request>
export type EndTxnRequestInput = Input<typeof endTxn.request>
export type EndTxnResponse = Value<typeof endTxn.response>
export type EndTxnResponseInput = Input<typeof endTxn.response>
