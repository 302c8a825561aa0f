/**
 * DeleteAcls (31): removes access control entries (KIP-140).
 */
import { array, type Input, int8, int16, int32, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const deleteAcls = api({
  key: 31,
  name: 'DeleteAcls',
  versions: [1, 3],
  flexibleSince: 2,
  listeners: ['broker', 'controller'],
  request: {
    filters: array(
      struct({
        resourceTypeFilter: int8(),
        resourceNameFilter: string({ nullable: true }),
        patternTypeFilter: int8({ default: 3 }),
        principalFilter: string({ nullable: true }),
        hostFilter: string({ nullable: true }),
        operation: int8(),
        permissionType: int8(),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32(),
    filterResults: array(
      struct({
        errorCode: int16(),
        errorMessage: string({ nullable: true }),
        matchingAcls: array(
          struct({
            errorCode: int16(),
            errorMessage: string({ nullable: true }),
            resourceType: int8(),
            resourceName: string(),
            patternType: int8({ default: 3 }),
            principal: string(),
            host: string(),
            operation: int8(),
            permissionType: int8(),
          }),
        ),
      }),
    ),
  },
})

export type DeleteAclsRequest = Value<typeof deleteAcls.request>
export type DeleteAclsRequestInput = Input<typeof deleteAcls.request>
export type DeleteAclsResponse = Value<typeof deleteAcls.response>
export type DeleteAclsResponseInput = Input<typeof deleteAcls.response>
