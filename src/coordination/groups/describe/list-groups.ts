/**
 * ListGroups, versions 0–5: the groups of a coordinator, by state (KIP-518) and type (KIP-848) if asked.
 *
 * Filters compare without case (observed 13); one that names nothing that exists lets nothing through.
 */
import type { ListGroupsRequest, ListGroupsResponseInput } from '../../../protocol/messages/list-groups.ts'
import type { GroupsState } from '../state.ts'

export type ListedGroup = ListGroupsResponseInput['groups'][number]

const CLASSIC = 'classic'

export function listGroups(state: GroupsState, request: ListGroupsRequest): ListedGroup[] {
  const states = lowered(request.statesFilter)
  const types = lowered(request.typesFilter)
  if (types !== null && !types.has(CLASSIC)) return []
  const groups: ListedGroup[] = []
  for (const group of state.groups.values()) {
    if (states !== null && !states.has(group.phase.toLowerCase())) continue
    groups.push({
      groupId: group.id,
      protocolType: group.protocolType ?? '',
      groupState: group.phase,
      groupType: CLASSIC,
    })
  }
  return groups
}

function lowered(filter: readonly string[]): ReadonlySet<string> | null {
  return filter.length === 0 ? null : new Set(filter.map((text) => text.toLowerCase()))
}
