/** What a running Kafka answered about groups, asked of our decisions on a state of the same groups. */
import { describe, expect, it } from 'vitest'
import { groupOperations } from '../../../src/coordination/authorized-operations.ts'
import { applyRecord } from '../../../src/coordination/groups/apply.ts'
import { decide } from '../../../src/coordination/groups/decide.ts'
import type { GroupCommand, GroupsContext } from '../../../src/coordination/groups/decision.ts'
import { describeGroup } from '../../../src/coordination/groups/describe/describe-groups.ts'
import { findCoordinator } from '../../../src/coordination/groups/describe/find-coordinator.ts'
import {
  askedGroups,
  fetchOffsets,
  offsetFetchAnswer,
} from '../../../src/coordination/groups/describe/offset-fetch.ts'
import type { GroupRecord } from '../../../src/coordination/groups/record.ts'
import { emptyGroups, type GroupsState } from '../../../src/coordination/groups/state.ts'
import { deleteGroups } from '../../../src/protocol/messages/delete-groups.ts'
import { describeGroups } from '../../../src/protocol/messages/describe-groups.ts'
import { findCoordinator as findCoordinatorApi } from '../../../src/protocol/messages/find-coordinator.ts'
import { heartbeat } from '../../../src/protocol/messages/heartbeat.ts'
import { joinGroup } from '../../../src/protocol/messages/join-group.ts'
import { leaveGroup } from '../../../src/protocol/messages/leave-group.ts'
import { offsetCommit } from '../../../src/protocol/messages/offset-commit.ts'
import { offsetFetch } from '../../../src/protocol/messages/offset-fetch.ts'
import { syncGroup } from '../../../src/protocol/messages/sync-group.ts'
import { compareAll, exchanges } from '../exchanges.ts'
import { cluster, withTopic } from '../metadata/support.ts'
import { StoryHost } from './story-host.ts'

const topicIds: Readonly<Record<string, string>> = {
  compact: 'vrSc-HrqRvajVXZyXXRATw',
  plain: 'gNOKm0zfSmuhIFWS93um1A',
  txn: '34HuRjWMTB2WfL-Cx4RKiQ',
}

const context: GroupsContext = {
  ...new StoryHost({ decided() {}, replied() {}, rang() {}, lost() {} }).context,
  topics: {
    idOf: (topic) => topicIds[topic],
    nameOf: (id) => Object.keys(topicIds).find((topic) => topicIds[topic] === id),
    hasPartition: (topic, partition) => topic in topicIds && partition === 0,
  },
}

/** The coordinator that Kafka was when it was asked: an empty classic group, and a consumer group with offsets. */
function recordedGroups(): GroupsState {
  const offset = (topic: string, value: bigint): GroupRecord => ({
    type: 'OffsetCommit',
    key: { group: 'modern', topic, partition: 0 },
    value: {
      offset: value,
      leaderEpoch: 0,
      metadata: '',
      commitTimestamp: 1n,
      expireTimestamp: -1n,
      topicId: topicIds[topic] ?? '',
    },
  })
  const records: GroupRecord[] = [
    {
      type: 'GroupMetadata',
      key: { group: 'classic' },
      value: {
        protocolType: 'consumer',
        generation: 3,
        protocol: null,
        leader: null,
        currentStateTimestamp: 1n,
        members: [],
      },
    },
    { type: 'ConsumerGroupMetadata', key: { groupId: 'modern' }, value: { epoch: 5, metadataHash: 0n } },
    offset('txn', 34n),
    offset('compact', 56n),
    offset('plain', 120n),
  ]
  let state = emptyGroups
  for (const [index, record] of records.entries()) {
    state = applyRecord(state, record, { offset: BigInt(index), producerId: -1n }).state
  }
  return state
}

const state = recordedGroups()

function answerOf<Api extends string>(api: Api, command: GroupCommand) {
  const [reply, ...others] = decide(state, command, context).replies
  expect(others).toEqual([])
  if (reply?.api !== api) throw new Error(`no answer to ${api}`)
  return reply.body as Extract<typeof reply, { api: Api }>['body']
}

describe('recorded exchanges', () => {
  it('JoinGroup: sessions that are too short, ids that begin with the client id (observed 12)', () => {
    // The recorded ids end in a UUID that was drawn then.
    const recorded = exchanges.filter(({ api }) => api === 'JoinGroup')
    const uuids = recorded.map((exchange) => {
      const text = Buffer.from(exchange.responseBodyHex ?? '', 'hex').toString('latin1')
      return /golden-([0-9a-f-]{36})/.exec(text)?.[1] ?? ''
    })
    compareAll(joinGroup, 10, (request, apiVersion) =>
      answerOf('join-group', {
        type: 'join-group',
        token: 1,
        apiVersion,
        request,
        clientId: 'golden',
        clientHost: '/127.0.0.1',
        newMemberUuid: uuids[apiVersion] ?? '',
      }),
    )
  })

  it('SyncGroup, Heartbeat, LeaveGroup', () => {
    compareAll(syncGroup, 6, (request, apiVersion) =>
      answerOf('sync-group', { type: 'sync-group', token: 1, apiVersion, request }),
    )
    compareAll(heartbeat, 5, (request, apiVersion) =>
      answerOf('heartbeat', { type: 'heartbeat', token: 1, apiVersion, request }),
    )
    compareAll(leaveGroup, 6, (request, apiVersion) =>
      answerOf('leave-group', { type: 'leave-group', token: 1, apiVersion, request }),
    )
  })

  it('OffsetCommit, OffsetFetch', () => {
    compareAll(offsetCommit, 8, (request, apiVersion) =>
      answerOf('offset-commit', { type: 'offset-commit', token: 1, apiVersion, request }),
    )
    compareAll(offsetFetch, 10, (request, apiVersion) => {
      const { requireStable } = request
      const groups = askedGroups(request, apiVersion).map((asked) =>
        fetchOffsets(state, asked, requireStable, apiVersion, context.topics),
      )
      return offsetFetchAnswer(groups, apiVersion)
    })
  })

  it('DescribeGroups, DeleteGroups', () => {
    compareAll(describeGroups, 7, (request, apiVersion) => ({
      groups: request.groups.map((groupId) =>
        describeGroup(
          state,
          groupId,
          apiVersion,
          request.includeAuthorizedOperations ? groupOperations : null,
        ),
      ),
    }))
    compareAll(deleteGroups, 3, (request, apiVersion) =>
      answerOf('delete-groups', {
        type: 'delete-groups',
        token: 1,
        apiVersion,
        groupIds: request.groupsNames,
      }),
    )
  })

  it('FindCoordinator', () => {
    const image = withTopic(withTopic(cluster(null), '__consumer_offsets'), '__transaction_state')
    const view = {
      nodeId: 1,
      listenerName: 'PLAINTEXT',
      dialled: { host: '127.0.0.1', port: 39092 },
    }
    compareAll(findCoordinatorApi, 13, (request, apiVersion) =>
      findCoordinator(image, request, apiVersion, view),
    )
  })
})
