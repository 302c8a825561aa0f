/**
 * Everything that can be spelled in bytes, by kind and name, with what stands before the message itself.
 *
 * `body` has nothing before it, `version` an int16 version, `key` an int16 record type, `frame` three varints: frame
 * version 1, record type, version.
 */
import { consumerProtocolAssignment, consumerProtocolSubscription } from '../consumer-protocol.ts'
import { requestHeader, responseHeader } from '../header-schemas.ts'
import { allApis } from '../messages/index.ts'
import {
  endTxnMarker,
  kRaftVersionRecord,
  leaderChangeMessage,
  snapshotFooterRecord,
  snapshotHeaderRecord,
  votersRecord,
} from '../records/control-schemas.ts'
import type { Message } from '../schema/message.ts'
import { abortedTxn } from '../stored/aborted-transaction.ts'
import type { FramedTypes } from '../stored/framed-record.ts'
import { groupRecordKinds } from '../stored/groups.ts'
import { metadataRecordTypes } from '../stored/metadata.ts'
import { defaultPrincipalData } from '../stored/principal.ts'
import { producerSnapshot } from '../stored/producer-snapshot.ts'
import type { RecordKinds } from '../stored/record-family.ts'
import { remoteLogRecordTypes } from '../stored/remote-log.ts'
import { shareStateRecordKinds } from '../stored/share-state.ts'
import { transactionRecordKinds } from '../stored/transaction-log.ts'

export type Prefix = 'body' | 'version' | 'key' | 'frame'

export interface Spelling {
  readonly message: Message
  readonly prefix: Prefix
  /** The record type of `key` and `frame`. */
  readonly id: number
}

type Spellings = ReadonlyMap<string, Spelling>

function listed(prefix: Prefix, messages: readonly Message[]): Spellings {
  return new Map(messages.map((message) => [message.name, { message, prefix, id: 0 }]))
}

function keys(kinds: RecordKinds): Spellings {
  return new Map(Object.values(kinds).map(({ id, key }) => [key.name, { message: key, prefix: 'key', id }]))
}

function values(kinds: RecordKinds): Spellings {
  return listed(
    'version',
    Object.values(kinds).map(({ value }) => value),
  )
}

function framed(types: FramedTypes): Spellings {
  return new Map(
    Object.entries(types).map(([name, { id, message }]) => [name, { message, prefix: 'frame', id }]),
  )
}

const requests = new Map(
  allApis.map(({ name, request }) => [name, { message: request, prefix: 'body', id: 0 } as const]),
)
const responses = new Map(
  allApis.map(({ name, response }) => [name, { message: response, prefix: 'body', id: 0 } as const]),
)

const otherControlRecords = [
  leaderChangeMessage,
  snapshotHeaderRecord,
  snapshotFooterRecord,
  kRaftVersionRecord,
  votersRecord,
]

/** By kind, then by the name of the API or message. */
export const spellings: ReadonlyMap<string, Spellings> = new Map<string, Spellings>([
  ['request', requests],
  ['response', responses],
  ['header', listed('body', [requestHeader, responseHeader])],
  ['consumer-protocol', listed('version', [consumerProtocolSubscription, consumerProtocolAssignment])],
  ['group-key', keys(groupRecordKinds)],
  ['group-value', values(groupRecordKinds)],
  ['transaction-key', keys(transactionRecordKinds)],
  ['transaction-value', values(transactionRecordKinds)],
  ['share-key', keys(shareStateRecordKinds)],
  ['share-value', values(shareStateRecordKinds)],
  ['metadata-record', framed(metadataRecordTypes)],
  ['remote-log-metadata-record', framed(remoteLogRecordTypes)],
  ['producer-snapshot', listed('version', [producerSnapshot])],
  ['principal', listed('version', [defaultPrincipalData])],
  ['txn-index-entry', listed('version', [abortedTxn])],
  ['control-record', new Map([...listed('version', [endTxnMarker]), ...listed('body', otherControlRecords)])],
])
