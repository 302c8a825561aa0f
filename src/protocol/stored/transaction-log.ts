/**
 * Records of `__transaction_state`: one for each change of a transaction (KIP-98, KIP-890).
 */
import { array, type Input, int8, int16, int32, int64, string, struct, type Value } from '../schema/field.ts'
import { message } from '../schema/message.ts'
import { type RecordInputOf, type RecordOf, recordFamily } from './record-family.ts'

export const transactionLogKey = message({
  name: 'TransactionLogKey',
  versions: [0, 0],
  fields: { transactionalId: string() },
})
export type TransactionLogKey = Value<typeof transactionLogKey>
export type TransactionLogKeyInput = Input<typeof transactionLogKey>

export const transactionLogValue = message({
  name: 'TransactionLogValue',
  versions: [0, 1],
  flexibleSince: 1,
  fields: {
    producerId: int64(),
    previousProducerId: int64({ since: 1, tag: 0, default: -1n }),
    nextProducerId: int64({ since: 1, tag: 1, default: -1n }),
    producerEpoch: int16(),
    nextProducerEpoch: int16({ since: 1, tag: 3, default: -1 }),
    transactionTimeoutMs: int32(),
    transactionStatus: int8(),
    transactionPartitions: array(struct({ topic: string(), partitionIds: array(int32()) }), {
      nullable: true,
    }),
    transactionLastUpdateTimestampMs: int64(),
    transactionStartTimestampMs: int64(),
    clientTransactionVersion: int16({ since: 1, tag: 2, default: 0 }),
  },
})
export type TransactionLogValue = Value<typeof transactionLogValue>
export type TransactionLogValueInput = Input<typeof transactionLogValue>

/** Number and schemas by name. */
export const transactionRecordKinds = {
  TransactionLog: { id: 0, key: transactionLogKey, value: transactionLogValue },
}

export type TransactionRecord = RecordOf<typeof transactionRecordKinds>
export type TransactionRecordInput = RecordInputOf<typeof transactionRecordKinds>

const transactionRecords = recordFamily(transactionRecordKinds)

/** The key and value of a record, the value at its newest version unless told; throws `EncodeError`. */
export const encodeTransactionRecord = transactionRecords.encode

/** Reads a record; its kind or version may be one of a later Kafka, which is an error that tells so. */
export const decodeTransactionRecord = transactionRecords.decode
