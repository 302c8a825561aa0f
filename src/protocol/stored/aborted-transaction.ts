/**
 * An entry of a segment's `.txnindex`: an aborted transaction and the last stable offset at its end.
 */
import { type Input, int64, type Value } from '../schema/field.ts'
import { message } from '../schema/message.ts'

export const abortedTxn = message({
  name: 'AbortedTxn',
  versions: [0, 0],
  fields: { producerId: int64(), firstOffset: int64(), lastOffset: int64(), lastStableOffset: int64() },
})
export type AbortedTxn = Value<typeof abortedTxn>
export type AbortedTxnInput = Input<typeof abortedTxn>
