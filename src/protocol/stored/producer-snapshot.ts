/**
 * `<offset>.snapshot`: what a partition knows of its producers at an offset. The CRC covers all that follows it.
 */
import { array, type Input, int16, int32, int64, struct, uint32, type Value } from '../schema/field.ts'
import { message } from '../schema/message.ts'

export const producerSnapshot = message({
  name: 'ProducerSnapshot',
  versions: [1, 1],
  fields: {
    crc: uint32(),
    producerEntries: array(
      struct({
        producerId: int64(),
        epoch: int16(),
        lastSequence: int32(),
        lastOffset: int64(),
        offsetDelta: int32(),
        timestamp: int64(),
        coordinatorEpoch: int32(),
        currentTxnFirstOffset: int64(),
      }),
    ),
  },
})
export type ProducerSnapshot = Value<typeof producerSnapshot>
export type ProducerSnapshotInput = Input<typeof producerSnapshot>
