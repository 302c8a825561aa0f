/**
 * AlterConfigs (33): replaces all settings of a resource; IncrementalAlterConfigs is the better one (KIP-133).
 */
import { array, bool, type Input, int8, int16, int32, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const alterConfigs = api({
  key: 33,
  name: 'AlterConfigs',
  versions: [0, 2],
  flexibleSince: 2,
  listeners: ['broker', 'controller'],
  request: {
    resources: array(
      struct({
        resourceType: int8(),
        resourceName: string(),
        configs: array(struct({ name: string(), value: string({ nullable: true }) })),
      }),
    ),
    validateOnly: bool(),
  },
  response: {
    throttleTimeMs: int32(),
    responses: array(
      struct({
        errorCode: int16(),
        errorMessage: string({ nullable: true }),
        resourceType: int8(),
        resourceName: string(),
      }),
    ),
  },
})

export type AlterConfigsRequest = Value<typeof alterConfigs.request>
export type AlterConfigsRequestInput = Input<typeof alterConfigs.request>
export type AlterConfigsResponse = Value<typeof alterConfigs.response>
export type AlterConfigsResponseInput = Input<typeof alterConfigs.response>
