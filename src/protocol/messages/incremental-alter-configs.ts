/**
 * IncrementalAlterConfigs (44): sets, deletes, appends to and subtracts from single settings (KIP-339).
 */
import { array, bool, type Input, int8, int16, int32, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const incrementalAlterConfigs = api({
  key: 44,
  name: 'IncrementalAlterConfigs',
  versions: [0, 1],
  flexibleSince: 1,
  listeners: ['broker', 'controller'],
  request: {
    resources: array(
      struct({
        resourceType: int8(),
        resourceName: string(),
        configs: array(
          struct({ name: string(), configOperation: int8(), value: string({ nullable: true }) }),
        ),
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

export type IncrementalAlterConfigsRequest = Value<typeof incrementalAlterConfigs.request>
export type IncrementalAlterConfigsRequestInput = Input<typeof incrementalAlterConfigs.request>
export type IncrementalAlterConfigsResponse = Value<typeof incrementalAlterConfigs.response>
export type IncrementalAlterConfigsResponseInput = Input<typeof incrementalAlterConfigs.response>
