/**
 * ListTransactions (66): lists transactions (KIP-664).
 */
import { array, type Input, int16, int32, int64, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const listTransactions = api({
  key: 66,
  name: 'ListTransactions',
  versions: [0, 2],
  flexibleSince: 0,
  listeners: ['broker'],
  request: {
    stateFilters: array(string()),
    producerIdFilters: array(int64()),
    durationFilter: int64({ since: 1, default: -1n }),
    transactionalIdPattern: string({ since: 2, nullable: true, default: null }),
  },
  response: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    unknownStateFilters: array(string()),
    transactionStates: array(
      struct({ transactionalId: string(), producerId: int64(), transactionState: string() }),
    ),
  },
})

export type ListTransactionsRequest = Value<typeof listTransactions.request>
export type ListTransactionsRequestInput = Input<typeof listTransactions.request>
export type ListTransactionsResponse = Value<typeof listTransactions.response>
export type ListTransactionsResponseInput = Input<typeof listTransactions.response>
