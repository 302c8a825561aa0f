/**
 * DeleteGroups (42): deletes empty groups (KIP-229).
 */
import { array, type Input, int16, int32, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const deleteGroups = api({
  key: 42,
  name: 'DeleteGroups',
  versions: [0, 3],
  flexibleSince: 2,
  listeners: ['broker'],
  request: { groupsNames: array(string()) },
  response: {
    throttleTimeMs: int32(),
    results: array(
      struct({
        groupId: string(),
        errorCode: int16(),
        errorMessage: string({ since: 3, nullable: true, default: null, ignorable: true }),
      }),
    ),
  },
})

export type DeleteGroupsRequest = Value<typeof deleteGroups.request>
export type DeleteGroupsRequestInput = Input<typeof deleteGroups.request>
export type DeleteGroupsResponse = Value<typeof deleteGroups.response>
export type DeleteGroupsResponseInput = Input<typeof deleteGroups.response>
