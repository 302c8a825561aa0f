/**
 * DescribeAcls (29): lists access control entries (KIP-140).
 */
import { array, type Input, int8, int16, int32, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const describeAcls = api({
  key: 29,
  name: 'DescribeAcls',
  versions: [1, 3],
  flexibleSince: 2,
  listeners: ['broker', 'controller'],
  request: {
    resourceTypeFilter: int8(),
    resourceNameFilter: string({ nullable: true }),
    patternTypeFilter: int8({ default: 3 }),
    principalFilter: string({ nullable: true }),
    hostFilter: string({ nullable: true }),
    operation: int8(),
    permissionType: int8(),
  },
  response: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: true }),
    resources: array(
      struct({
        resourceType: int8(),
        resourceName: string(),
        patternType: int8({ default: 3 }),
        acls: array(
          struct({ principal: string(), host: string(), operation: int8(), permissionType: int8() }),
        ),
      }),
    ),
  },
})

export type DescribeAclsRequest = Value<typeof describeAcls.request>
export type DescribeAclsRequestInput = Input<typeof describeAcls.request>
export type DescribeAclsResponse = Value<typeof describeAcls.response>
export type DescribeAclsResponseInput = Input<typeof describeAcls.response>
