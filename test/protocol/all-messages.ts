/** Every schema that is no request or response: headers, group protocol, control records, everything stored. */
import * as consumerProtocol from '../../src/protocol/consumer-protocol.ts'
import * as headers from '../../src/protocol/header-schemas.ts'
import * as control from '../../src/protocol/records/control-schemas.ts'
import type { Message } from '../../src/protocol/schema/message.ts'
import * as abortedTransaction from '../../src/protocol/stored/aborted-transaction.ts'
import * as classicGroup from '../../src/protocol/stored/groups/classic-group.ts'
import * as consumerGroup from '../../src/protocol/stored/groups/consumer-group.ts'
import * as shareGroup from '../../src/protocol/stored/groups/share-group.ts'
import * as streamsGroup from '../../src/protocol/stored/groups/streams-group.ts'
import * as cluster from '../../src/protocol/stored/metadata/cluster-records.ts'
import * as settings from '../../src/protocol/stored/metadata/settings-records.ts'
import * as topics from '../../src/protocol/stored/metadata/topic-records.ts'
import * as principal from '../../src/protocol/stored/principal.ts'
import * as producerSnapshot from '../../src/protocol/stored/producer-snapshot.ts'
import * as quorumState from '../../src/protocol/stored/quorum-state.ts'
import * as remoteLog from '../../src/protocol/stored/remote-log.ts'
import * as shareState from '../../src/protocol/stored/share-state.ts'
import * as transactionLog from '../../src/protocol/stored/transaction-log.ts'

const modules: readonly object[] = [
  consumerProtocol,
  headers,
  control,
  abortedTransaction,
  classicGroup,
  consumerGroup,
  shareGroup,
  streamsGroup,
  cluster,
  settings,
  topics,
  principal,
  producerSnapshot,
  quorumState,
  remoteLog,
  shareState,
  transactionLog,
]

function isMessage(exported: unknown): exported is Message {
  return typeof exported === 'object' && exported !== null && 'fields' in exported && 'versions' in exported
}

export const allOtherMessages: readonly Message[] = modules.flatMap((module) =>
  Object.values(module).filter(isMessage),
)
