/**
 * DescribeGroups, versions 0–6: a classic group's state and members.
 *
 * What members tell of themselves shows only in a stable group. A group that is not there is 69 since version 6
 * (KIP-1043), and before that Dead without an error.
 */
import { errorCode } from '../../../protocol/errors.ts'
import type { DescribeGroupsResponseInput } from '../../../protocol/messages/describe-groups.ts'
import { operationsNotAsked } from '../../authorized-operations.ts'
import { type ClassicGroup, metadataFor, noBytes } from '../classic-group.ts'
import type { GroupsState } from '../state.ts'

export type DescribedGroup = DescribeGroupsResponseInput['groups'][number]

/** First version that knows 69. */
const KNOWS_MISSING_GROUP = 6

/** `operations` is the bit set of what the client may do with the group, null if it did not ask. */
export function describeGroup(
  state: GroupsState,
  groupId: string,
  apiVersion: number,
  operations: number | null,
): DescribedGroup {
  const group = state.groups.get(groupId)
  if (group === undefined) return missingGroup(groupId, apiVersion, operations)
  const isStable = group.phase === 'Stable'
  return {
    errorCode: 0,
    errorMessage: null,
    groupId,
    groupState: group.phase,
    protocolType: group.protocolType ?? '',
    protocolData: isStable ? (group.protocolName ?? '') : '',
    members: members(group, isStable),
    authorizedOperations: operations ?? operationsNotAsked,
  }
}

function members(group: ClassicGroup, isStable: boolean): DescribedGroup['members'] {
  return [...group.members.values()].map((member) => ({
    memberId: member.id,
    groupInstanceId: member.instanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    memberMetadata: isStable ? metadataFor(member, group.protocolName) : noBytes,
    memberAssignment: member.assignment,
  }))
}

function missingGroup(groupId: string, apiVersion: number, operations: number | null): DescribedGroup {
  const isTold = apiVersion >= KNOWS_MISSING_GROUP
  return {
    ...emptyDescription(groupId),
    errorCode: isTold ? errorCode.GROUP_ID_NOT_FOUND : 0,
    errorMessage: isTold ? `Group ${groupId} not found.` : null,
    groupState: 'Dead',
    authorizedOperations: isTold ? operationsNotAsked : (operations ?? operationsNotAsked),
  }
}

/** A group that cannot be described: not coordinated here, not allowed. */
export function refusedDescription(groupId: string, code: number): DescribedGroup {
  return { ...emptyDescription(groupId), errorCode: code }
}

function emptyDescription(groupId: string): DescribedGroup {
  return {
    errorCode: 0,
    errorMessage: null,
    groupId,
    groupState: '',
    protocolType: '',
    protocolData: '',
    members: [],
    authorizedOperations: operationsNotAsked,
  }
}
