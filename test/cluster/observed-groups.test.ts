/**
 * What was observed of groups on a running Kafka, by number, asked of a running broker of ours in bare frames; and
 * what of its files can be seen from outside.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deleteGroups } from '../../src/protocol/messages/delete-groups.ts'
import { describeCluster } from '../../src/protocol/messages/describe-cluster.ts'
import { describeGroups } from '../../src/protocol/messages/describe-groups.ts'
import { findCoordinator } from '../../src/protocol/messages/find-coordinator.ts'
import { heartbeat } from '../../src/protocol/messages/heartbeat.ts'
import { incrementalAlterConfigs } from '../../src/protocol/messages/incremental-alter-configs.ts'
import { joinGroup } from '../../src/protocol/messages/join-group.ts'
import { leaveGroup } from '../../src/protocol/messages/leave-group.ts'
import { listConfigResources } from '../../src/protocol/messages/list-config-resources.ts'
import { listGroups } from '../../src/protocol/messages/list-groups.ts'
import { metadata } from '../../src/protocol/messages/metadata.ts'
import { offsetCommit } from '../../src/protocol/messages/offset-commit.ts'
import { offsetDelete } from '../../src/protocol/messages/offset-delete.ts'
import { offsetFetch } from '../../src/protocol/messages/offset-fetch.ts'
import { syncGroup } from '../../src/protocol/messages/sync-group.ts'
import { type BrokerProcess, startBroker } from './broker-process.ts'
import { unique } from './kafkajs-client.ts'
import { RawConnection } from './raw-connection.ts'
import { batchOf, createTopic, produceTo } from './raw-requests.ts'

let broker: BrokerProcess
let raw: RawConnection
let topic: string

beforeAll(async () => {
  broker = await startBroker()
  raw = await RawConnection.open(broker.port)
  topic = unique('observed-groups')
  await createTopic(raw, topic, 2)
  await raw.request(findCoordinator, 4, { coordinatorKeys: ['any'] })
})

afterAll(async () => {
  raw.close()
  await broker.close()
})

/** A subscription of version 0 to one topic. */
function subscriptionTo(name: string): Buffer {
  const bytes = Buffer.alloc(2 + 4 + 2 + name.length + 4)
  bytes.writeInt32BE(1, 2)
  bytes.writeInt16BE(name.length, 6)
  bytes.write(name, 8)
  bytes.writeInt32BE(-1, 8 + name.length)
  return bytes
}

const joinBody = (
  groupId: string,
  memberId: string,
  more: { groupInstanceId?: string; rebalanceTimeoutMs?: number } = {},
) => ({
  groupId,
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: more.rebalanceTimeoutMs ?? 10_000,
  memberId,
  ...(more.groupInstanceId === undefined ? {} : { groupInstanceId: more.groupInstanceId }),
  protocolType: 'consumer',
  protocols: [{ name: 'range', metadata: subscriptionTo(topic) }],
})

/** Joins alone and syncs. */
async function stableGroup(groupId: string, more: Parameters<typeof joinBody>[2] = {}) {
  const { memberId } = await raw.request(joinGroup, 7, joinBody(groupId, '', more))
  const joined = await raw.request(joinGroup, 7, joinBody(groupId, memberId, more))
  const { generationId } = joined
  const synced = await raw.request(syncGroup, 5, {
    groupId,
    generationId,
    memberId,
    protocolType: 'consumer',
    protocolName: 'range',
    assignments: [{ memberId, assignment: Buffer.from('share') }],
  })
  return { memberId, generationId, errors: [joined.errorCode, synced.errorCode] }
}

function commitBody(groupId: string, memberId: string, generationId: number, committedLeaderEpoch = -1) {
  const partitions = [{ partitionIndex: 0, committedOffset: 7n, committedLeaderEpoch, committedMetadata: '' }]
  return { groupId, memberId, generationIdOrMemberEpoch: generationId, topics: [{ name: topic, partitions }] }
}

describe('observed 12: joining', () => {
  test('79 carries the new id, which begins with the client id', async () => {
    const refused = await raw.request(joinGroup, 4, joinBody(unique('g'), ''))
    expect([refused.errorCode, refused.memberId.startsWith('raw-')]).toEqual([79, true])
    const old = await raw.request(joinGroup, 3, joinBody(unique('g'), ''))
    expect([old.errorCode, old.generationId]).toEqual([0, 1])
  })

  test('a lone member is answered at once', async () => {
    const began = Date.now()
    expect((await stableGroup(unique('lone'))).errors).toEqual([0, 0])
    expect(Date.now() - began).toBeLessThan(1_000)
  })

  test.each([0, 1])(
    'better: a rebalance time-out of %i ms leaves time to sync',
    async (rebalanceTimeoutMs) => {
      expect((await stableGroup(unique('hasty'), { rebalanceTimeoutMs })).errors).toEqual([0, 0])
    },
  )
})

describe('observed 13: in a group', () => {
  test('SyncGroup 5 without its protocol type is 23', async () => {
    const groupId = unique('g')
    const { memberId, generationId } = await stableGroup(groupId)
    const body = { groupId, generationId, memberId, assignments: [] }
    expect((await raw.request(syncGroup, 5, body)).errorCode).toBe(23)
    expect((await raw.request(syncGroup, 4, body)).errorCode).toBe(0)
  })

  test('LeaveGroup puts the error into the member from version 3 on', async () => {
    const groupId = unique('g')
    await stableGroup(groupId)
    expect((await raw.request(leaveGroup, 2, { groupId, memberId: 'nobody' })).errorCode).toBe(25)
    const left = await raw.request(leaveGroup, 3, { groupId, members: [{ memberId: 'nobody' }] })
    expect(left).toMatchObject({ errorCode: 0, members: [{ memberId: 'nobody', errorCode: 25 }] })
  })

  test('a live group is not deleted (68); one that has been left is', async () => {
    const groupId = unique('g')
    const { memberId } = await stableGroup(groupId)
    const remove = () => raw.request(deleteGroups, 2, { groupsNames: [groupId] })
    expect((await remove()).results[0]?.errorCode).toBe(68)
    await raw.request(leaveGroup, 3, { groupId, members: [{ memberId }] })
    expect((await remove()).results[0]?.errorCode).toBe(0)
    expect((await remove()).results[0]?.errorCode).toBe(69)
  })

  test('filters of ListGroups compare without case', async () => {
    const groupId = unique('listed')
    await stableGroup(groupId)
    const named = async (statesFilter: string[], typesFilter: string[]) =>
      (await raw.request(listGroups, 5, { statesFilter, typesFilter })).groups.some(
        (group) => group.groupId === groupId,
      )
    expect(await named(['STABLE'], ['CLASSIC'])).toBe(true)
    expect(await named(['stable'], [])).toBe(true)
    expect(await named(['Empty'], [])).toBe(false)
    expect(await named([], ['share'])).toBe(false)
  })

  test('any leader epoch is kept and given back; metadata is never null', async () => {
    const groupId = unique('g')
    const committed = await raw.request(offsetCommit, 8, commitBody(groupId, '', -1, 4_711))
    expect(committed.topics[0]?.partitions[0]?.errorCode).toBe(0)
    const topics = [{ name: topic, partitionIndexes: [0, 1] }]
    expect((await raw.request(offsetFetch, 5, { groupId, topics })).topics[0]?.partitions).toMatchObject([
      { partitionIndex: 0, committedOffset: 7n, committedLeaderEpoch: 4_711, metadata: '', errorCode: 0 },
      { partitionIndex: 1, committedOffset: -1n, committedLeaderEpoch: -1, metadata: '', errorCode: 0 },
    ])
    expect((await raw.request(offsetFetch, 2, { groupId, topics: null })).topics.length).toBe(1)
  })
})

describe('observed 26: from outside', () => {
  test('an unknown group is Dead to old versions and 69 to new ones', async () => {
    const groups = ['no-such-group']
    expect((await raw.request(describeGroups, 5, { groups })).groups[0]).toMatchObject({
      errorCode: 0,
      groupState: 'Dead',
    })
    expect((await raw.request(describeGroups, 6, { groups })).groups[0]?.errorCode).toBe(69)
  })

  test('a commit by an outsider is 25 in each partition, of another generation 22', async () => {
    const groupId = unique('g')
    const { memberId, generationId } = await stableGroup(groupId)
    const codes = async (member: string, generation: number) =>
      (await raw.request(offsetCommit, 8, commitBody(groupId, member, generation))).topics[0]?.partitions[0]
        ?.errorCode
    expect(await codes('nobody', generationId)).toBe(25)
    expect(await codes('', -1)).toBe(25)
    expect(await codes(memberId, generationId + 1)).toBe(22)
    expect(await codes(memberId, generationId)).toBe(0)
  })

  test('offsets of a topic that the group reads are not deleted (86)', async () => {
    const groupId = unique('g')
    const { memberId, generationId } = await stableGroup(groupId)
    await raw.request(offsetCommit, 8, commitBody(groupId, memberId, generationId))
    const body = { groupId, topics: [{ name: topic, partitions: [{ partitionIndex: 0 }] }] }
    expect((await raw.request(offsetDelete, 0, body)).topics[0]?.partitions[0]?.errorCode).toBe(86)
    await raw.request(leaveGroup, 3, { groupId, members: [{ memberId }] })
    expect((await raw.request(offsetDelete, 0, body)).topics[0]?.partitions[0]?.errorCode).toBe(0)
  })

  test('a static member that comes back under its name keeps its generation and its share', async () => {
    const groupId = unique('g')
    const groupInstanceId = 'desk-1'
    const first = await raw.request(joinGroup, 7, joinBody(groupId, '', { groupInstanceId }))
    const { generationId } = first
    await raw.request(syncGroup, 5, {
      groupId,
      generationId,
      memberId: first.memberId,
      groupInstanceId,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: [{ memberId: first.memberId, assignment: Buffer.from('share') }],
    })
    const again = await raw.request(joinGroup, 7, joinBody(groupId, '', { groupInstanceId }))
    expect([again.errorCode, again.generationId]).toEqual([0, generationId])
    expect(again.memberId).not.toBe(first.memberId)
    const beat = (memberId: string) =>
      raw.request(heartbeat, 4, { groupId, generationId, memberId, groupInstanceId })
    expect((await beat(first.memberId)).errorCode).toBe(82)
    expect((await beat(again.memberId)).errorCode).toBe(0)
  })
})

test('observed 27: settings of a group are kept before the group exists', async () => {
  const configs = [{ name: 'consumer.session.timeout.ms', configOperation: 0, value: '50000' }]
  const resources = [{ resourceType: 32, resourceName: 'group-to-come', configs }]
  const changed = await raw.request(incrementalAlterConfigs, 1, { resources, validateOnly: false })
  expect(changed.responses[0]?.errorCode).toBe(0)
  const listed = await raw.request(listConfigResources, 1, { resourceTypes: [32] })
  expect(listed.configResources).toEqual([{ resourceName: 'group-to-come', resourceType: 32 }])
})

test('observed 30: authorized operations are filled when asked for, and only then', async () => {
  const asked = await raw.request(metadata, 10, {
    topics: [{ name: topic }],
    includeTopicAuthorizedOperations: true,
    includeClusterAuthorizedOperations: true,
  })
  const notAsked = -2_147_483_648
  expect(asked.topics[0]?.topicAuthorizedOperations).toBeGreaterThan(0)
  expect(asked.clusterAuthorizedOperations).toBeGreaterThan(0)
  expect(
    (await raw.request(metadata, 10, { topics: [{ name: topic }] })).topics[0]?.topicAuthorizedOperations,
  ).toBe(notAsked)
  const cluster = await raw.request(describeCluster, 1, { includeClusterAuthorizedOperations: false })
  expect(cluster.clusterAuthorizedOperations).toBe(notAsked)
})

test('observed 18: partition.metadata has no final newline, and the clean stop leaves its mark with the epoch', async () => {
  const first = await startBroker()
  const connection = await RawConnection.open(first.port)
  const id = await createTopic(connection, 'kept')
  await produceTo(connection, 'kept', batchOf(['x']))
  connection.close()
  await first.kill('SIGTERM')
  const read = (...path: string[]) => readFileSync(join(first.dataDirectory, ...path), 'utf8')
  expect(read('kept-0', 'partition.metadata')).toBe(`version: 0\ntopic_id: ${id}`)
  expect(JSON.parse(read('.kafka_cleanshutdown'))).toMatchObject({ brokerEpoch: expect.any(Number) })
  expect(read('recovery-point-offset-checkpoint')).toContain('kept 0 1')
  await first.close()
})

test('no request failed by a bug', () => {
  expect(broker.errors()).not.toContain('a request failed by a bug')
})
