/**
 * Whether a request comes from a member of the group, or from one of its former lives.
 */
import { errorCode } from '../../protocol/errors.ts'
import type { ClassicGroup, Member } from './classic-group.ts'

/** The member, or the code with which the request is refused: 25 unknown, 82 fenced by a newer life (KIP-345). */
export function memberOf(
  group: ClassicGroup | undefined,
  memberId: string,
  instanceId: string | null,
): Member | number {
  if (group === undefined) return errorCode.UNKNOWN_MEMBER_ID
  if (instanceId !== null) {
    const current = group.instances.get(instanceId)
    if (current === undefined) return errorCode.UNKNOWN_MEMBER_ID
    if (current !== memberId) return errorCode.FENCED_INSTANCE_ID
  }
  return group.members.get(memberId) ?? errorCode.UNKNOWN_MEMBER_ID
}
