/**
 * Administration of consumer groups: list, describe with lag, move offsets, delete.
 *
 * Offsets of a group can be moved only while it has no members, as Kafka has it.
 */
import { compile } from '../protocol/codec/compile.ts'
import { consumerProtocolAssignment } from '../protocol/consumer-protocol.ts'
import { deleteGroups } from '../protocol/messages/delete-groups.ts'
import { describeGroups } from '../protocol/messages/describe-groups.ts'
import { listGroups } from '../protocol/messages/list-groups.ts'
import { offsetCommit } from '../protocol/messages/offset-commit.ts'
import { answeredError, ClientError } from './client-error.ts'
import type { Cluster } from './cluster.ts'
import { committedOffsets } from './consumer.ts'
import { LATEST, lookUpOffset } from './fetcher.ts'
import type { AssignedPartition } from './group-member.ts'

export interface GroupListing {
  readonly groupId: string
  readonly protocolType: string
  readonly state: string
}

export interface GroupOffset {
  readonly topic: string
  readonly partition: number
  /** null: nothing was committed. */
  readonly committedOffset: number | null
  readonly logEndOffset: number
  readonly lag: number | null
  readonly memberId: string
  readonly clientId: string
  readonly host: string
}

export interface GroupDescription {
  readonly groupId: string
  readonly state: string
  readonly protocol: string
  readonly memberCount: number
  readonly offsets: readonly GroupOffset[]
}

const COMMIT_VERSION_BY_NAME = 9
const DESCRIBE_VERSION_CLASSIC = 5

export async function listAllGroups(cluster: Cluster): Promise<GroupListing[]> {
  await cluster.refresh([])
  const perNode = cluster.nodes.map(async (node) => {
    const answer = await cluster.request(node.nodeId, listGroups, {})
    if (answer.errorCode !== 0) throw answeredError(answer.errorCode, `groups of broker ${node.nodeId}`)
    return answer.groups.map((group) => ({
      groupId: group.groupId,
      protocolType: group.protocolType,
      state: group.groupState,
    }))
  })
  return (await Promise.all(perNode)).flat().sort((a, b) => (a.groupId < b.groupId ? -1 : 1))
}

interface Owner {
  readonly memberId: string
  readonly clientId: string
  readonly host: string
}

function partitionsOf(assignment: Buffer): AssignedPartition[] {
  if (assignment.length < 2) return []
  const decoded = compile(
    consumerProtocolAssignment,
    Math.min(Math.max(0, assignment.readInt16BE(0)), 3),
  ).decode(assignment, 2)
  if (!decoded.ok) return []
  return decoded.value.assignedPartitions.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  )
}

/** State, members and lag of a group; throws GROUP_ID_NOT_FOUND when there is no such group. */
export async function describeGroup(cluster: Cluster, groupId: string): Promise<GroupDescription> {
  const node = await cluster.coordinator(groupId)
  const answer = await cluster.request(
    node,
    describeGroups,
    { groups: [groupId], includeAuthorizedOperations: false },
    { versionMax: DESCRIBE_VERSION_CLASSIC },
  )
  const [group] = answer.groups
  if (group === undefined) throw new ClientError('BAD_ANSWER', 'the answer names no group', false)
  if (group.errorCode !== 0) throw answeredError(group.errorCode, `group ${groupId}`, group.errorMessage)
  if (group.groupState === 'Dead')
    throw new ClientError('GROUP_ID_NOT_FOUND', `group ${groupId} does not exist`, false)
  const owners = new Map<string, Owner>()
  for (const member of group.members) {
    for (const { topic, partition } of partitionsOf(member.memberAssignment))
      owners.set(`${topic}\0${partition}`, {
        memberId: member.memberId,
        clientId: member.clientId,
        host: member.clientHost,
      })
  }
  const offsets = await offsetsWithLag(cluster, groupId, owners)
  return {
    groupId,
    state: group.groupState,
    protocol: group.protocolData,
    memberCount: group.members.length,
    offsets,
  }
}

async function offsetsWithLag(
  cluster: Cluster,
  groupId: string,
  owners: ReadonlyMap<string, Owner>,
): Promise<GroupOffset[]> {
  const committed = new Map(
    (await committedOffsets(cluster, groupId, null)).map((one) => [
      `${one.topic}\0${one.partition}`,
      one.offset,
    ]),
  )
  const keys = [...new Set([...committed.keys(), ...owners.keys()])].sort()
  return Promise.all(
    keys.map(async (key) => {
      const [topic = '', index = '0'] = key.split('\0')
      const partition = Number(index)
      const offset = committed.get(key) ?? -1
      const logEndOffset = await lookUpOffset(cluster, topic, partition, LATEST).catch(() => -1)
      const owner = owners.get(key)
      return {
        topic,
        partition,
        committedOffset: offset < 0 ? null : offset,
        logEndOffset,
        lag: offset < 0 || logEndOffset < 0 ? null : Math.max(0, logEndOffset - offset),
        memberId: owner?.memberId ?? '',
        clientId: owner?.clientId ?? '',
        host: owner?.host ?? '',
      }
    }),
  )
}

/** Commits offsets for a group without members. */
export async function moveOffsets(
  cluster: Cluster,
  groupId: string,
  offsets: readonly { topic: string; partition: number; offset: number }[],
): Promise<void> {
  const node = await cluster.coordinator(groupId)
  const answer = await cluster.request(
    node,
    offsetCommit,
    {
      groupId,
      memberId: '',
      topics: offsets.map(({ topic, partition, offset }) => ({
        name: topic,
        partitions: [{ partitionIndex: partition, committedOffset: BigInt(offset), committedMetadata: '' }],
      })),
    },
    { versionMax: COMMIT_VERSION_BY_NAME },
  )
  const failed = answer.topics
    .flatMap((topic) => topic.partitions)
    .find((partition) => partition.errorCode !== 0)
  if (failed !== undefined) throw answeredError(failed.errorCode, `group ${groupId}`)
}

export async function deleteGroup(cluster: Cluster, groupId: string): Promise<void> {
  const node = await cluster.coordinator(groupId)
  const answer = await cluster.request(node, deleteGroups, { groupsNames: [groupId] })
  const [result] = answer.results
  if (result !== undefined && result.errorCode !== 0)
    throw answeredError(result.errorCode, `group ${groupId}`, result.errorMessage)
}
