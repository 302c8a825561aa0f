/**
 * CreateAcls (30): adds access control entries (KIP-140).
 */
import { array, type Input, int8, int16, int32, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const createAcls = api({
  key: 30,
  name: 'CreateAcls',
  versions: [1, 3],
  flexibleSince: 2,
  listeners: ['broker', 'controller'],
  request: {
    creations: array(
      struct({
        resourceType: int8(),
        resourceName: string(),
        resourcePatternType: int8({ default: 3 }),
        principal: string(),
        host: string(),
        operation: int8(),
        permissionType: int8(),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32(),
    results: array(struct({ errorCode: int16(), errorMessage: string({ nullable: true }) })),
  },
})

export type CreateAclsRequest = Value<typeof createAcls.request>
export type CreateAclsRequestInput = Input<typeof createAcls.request>
export type CreateAclsResponse = Value<typeof createAcls.response>
export type CreateAclsResponseInput = Input<typeof createAcls.response>
