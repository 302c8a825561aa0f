/**
 * ListGroups (16): lists groups, by state since 4 (KIP-518) and type since 5 (KIP-848).
 */
import { array, type Input, int16, int32, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const listGroups = api({
  key: 16,
  name: 'ListGroups',
  versions: [0, 5],
  flexibleSince: 3,
  listeners: ['broker'],
  request: { statesFilter: array(string(), { since: 4 }), typesFilter: array(string(), { since: 5 }) },
  response: {
    throttleTimeMs: int32({ since: 1, ignorable: true }),
    errorCode: int16(),
    groups: array(
      struct({
        groupId: string(),
        protocolType: string(),
        groupState: string({ since: 4, ignorable: true }),
        groupType: string({ since: 5, ignorable: true }),
      }),
    ),
  },
})

export type ListGroupsRequest = Value<typeof listGroups.request>
export type ListGroupsRequestInput = Input<typeof listGroups.request>
export type ListGroupsResponse = Value<typeof listGroups.response>
export type ListGroupsResponseInput = Input<typeof listGroups.response>
