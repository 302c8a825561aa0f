/**
 * `quorum.proto` as data: the same service and messages, for a build that parses nothing at run time.
 *
 * A test holds it against the file. Numbers never change and are never used twice: nodes of two versions speak to each
 * other while a cluster is upgraded.
 */
import type { INamespace } from 'protobufjs/light.js'

const int32 = (id: number) => ({ type: 'int32', id })
const int64 = (id: number) => ({ type: 'int64', id })
const bool = (id: number) => ({ type: 'bool', id })
const string = (id: number) => ({ type: 'string', id })
const message = (type: string, id: number) => ({ type, id })

/** The package of the service. */
export const PEER_PACKAGE = 'sluice.quorum.v1'

const service = {
  methods: {
    Exchange: {
      requestType: 'QuorumMessage',
      requestStream: true,
      responseType: 'QuorumMessage',
      responseStream: true,
    },
    Command: { requestType: 'CommandRequest', responseType: 'CommandReply' },
  },
}

const messages = {
  QuorumMessage: {
    oneofs: {
      message: {
        oneof: [
          'hello',
          'voteRequest',
          'voteResponse',
          'appendRequest',
          'appendResponse',
          'snapshotChunk',
          'snapshotResponse',
          'attach',
          'leaderHint',
          'takeOver',
        ],
      },
    },
    fields: {
      hello: message('Hello', 1),
      voteRequest: message('VoteRequest', 2),
      voteResponse: message('VoteResponse', 3),
      appendRequest: message('AppendRequest', 4),
      appendResponse: message('AppendResponse', 5),
      snapshotChunk: message('SnapshotChunk', 6),
      snapshotResponse: message('SnapshotResponse', 7),
      attach: message('Attach', 8),
      leaderHint: message('LeaderHint', 9),
      takeOver: message('TakeOver', 10),
    },
  },
  Hello: { fields: { clusterId: string(1), sender: message('ReplicaKey', 2) } },
  ReplicaKey: { fields: { id: int32(1), directoryId: string(2) } },
  LogEnd: { fields: { endOffset: int64(1), epoch: int32(2) } },
  VoteRequest: {
    fields: {
      epoch: int32(1),
      isPreVote: bool(2),
      candidate: message('ReplicaKey', 3),
      voter: message('ReplicaKey', 4),
      log: message('LogEnd', 5),
      isTransfer: bool(6),
    },
  },
  VoteResponse: {
    fields: {
      epoch: int32(1),
      isPreVote: bool(2),
      voter: message('ReplicaKey', 3),
      granted: bool(4),
      leaderId: int32(5),
    },
  },
  AppendRequest: {
    fields: {
      epoch: int32(1),
      leaderId: int32(2),
      previous: message('LogEnd', 3),
      highWatermark: int64(4),
      round: int64(5),
      batches: { rule: 'repeated', type: 'bytes', id: 6 },
    },
  },
  AppendResponse: {
    oneofs: { outcome: { oneof: ['accepted', 'diverged'] } },
    fields: {
      epoch: int32(1),
      replica: message('ReplicaKey', 2),
      round: int64(3),
      accepted: message('Accepted', 4),
      diverged: message('Diverged', 5),
      appliedOffset: int64(6),
    },
  },
  Accepted: { fields: { endOffset: int64(1) } },
  Diverged: { fields: { log: message('LogEnd', 1) } },
  SnapshotChunk: {
    fields: {
      epoch: int32(1),
      leaderId: int32(2),
      snapshot: message('LogEnd', 3),
      position: int64(4),
      isLast: bool(5),
      bytes: { type: 'bytes', id: 6 },
    },
  },
  SnapshotResponse: {
    fields: {
      epoch: int32(1),
      replica: message('ReplicaKey', 2),
      snapshot: message('LogEnd', 3),
      nextPosition: int64(4),
      installed: bool(5),
    },
  },
  Attach: { fields: { epoch: int32(1), replica: message('ReplicaKey', 2), log: message('LogEnd', 3) } },
  LeaderHint: { fields: { epoch: int32(1), leaderId: int32(2), leaderAt: message('Address', 3) } },
  Address: { fields: { host: string(1), port: int32(2) } },
  TakeOver: { fields: { epoch: int32(1), leaderId: int32(2) } },
  CommandRequest: { fields: { sender: message('Hello', 1), payload: { type: 'bytes', id: 2 } } },
  CommandReply: {
    oneofs: { outcome: { oneof: ['payload', 'notController', 'failed'] } },
    fields: {
      payload: { type: 'bytes', id: 1 },
      notController: message('LeaderHint', 2),
      failed: message('Failed', 3),
    },
  },
  Failed: { fields: { reason: string(1) } },
}

const nested = {
  SluiceQuorum: service,
  ...Object.fromEntries(
    Object.entries(messages).map(([name, type]) => [name, { edition: 'proto3', ...type }]),
  ),
}

/** protobufjs's JSON descriptor of `quorum.proto`. */
export const peerMessages: INamespace = {
  nested: { sluice: { nested: { quorum: { nested: { v1: { nested } } } } } },
}
