/**
 * The bodies of group answers: errors in the shape that each version wants, and a member's part of a generation.
 */
import type { HeartbeatResponseInput } from '../../protocol/messages/heartbeat.ts'
import type { JoinGroupResponseInput } from '../../protocol/messages/join-group.ts'
import type { SyncGroupResponseInput } from '../../protocol/messages/sync-group.ts'
import { type ClassicGroup, type Member, metadataFor, noBytes } from './classic-group.ts'

/** First version of JoinGroup whose protocol name may be null. */
const NULLABLE_PROTOCOL_NAME = 7

/** A JoinGroup that is refused. */
export function joinGroupRefusal(
  errorCode: number,
  apiVersion: number,
  memberId: string,
): JoinGroupResponseInput {
  return {
    throttleTimeMs: 0,
    errorCode,
    generationId: -1,
    protocolType: null,
    protocolName: apiVersion < NULLABLE_PROTOCOL_NAME ? '' : null,
    leader: '',
    skipAssignment: false,
    memberId,
    members: [],
  }
}

/** A member's part of the present generation; only the leader sees everybody (and computes the assignment). */
export function joinGroupAnswer(group: ClassicGroup, member: Member): JoinGroupResponseInput {
  const leads = group.leaderId === member.id
  return {
    throttleTimeMs: 0,
    errorCode: 0,
    generationId: group.generation,
    protocolType: group.protocolType,
    protocolName: group.protocolName ?? '',
    leader: group.leaderId ?? '',
    skipAssignment: false,
    memberId: member.id,
    members: leads ? memberList(group) : [],
  }
}

/** All members with what they told of themselves. */
export function memberList(group: ClassicGroup): JoinGroupResponseInput['members'] {
  return [...group.members.values()].map((member) => ({
    memberId: member.id,
    groupInstanceId: member.instanceId,
    metadata: metadataFor(member, group.protocolName),
  }))
}

/** A SyncGroup that is refused. */
export function syncGroupRefusal(errorCode: number): SyncGroupResponseInput {
  return { throttleTimeMs: 0, errorCode, protocolType: null, protocolName: null, assignment: noBytes }
}

/** A member's assignment. */
export function syncGroupAnswer(group: ClassicGroup, member: Member): SyncGroupResponseInput {
  return {
    throttleTimeMs: 0,
    errorCode: 0,
    protocolType: group.protocolType,
    protocolName: group.protocolName,
    assignment: member.assignment,
  }
}

export function heartbeatAnswer(errorCode: number): HeartbeatResponseInput {
  return { throttleTimeMs: 0, errorCode }
}
