/**
 * ListConfigResources (74): lists resources that have settings (KIP-714, KIP-1142).
 */
import { array, type Input, int8, int16, int32, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const listConfigResources = api({
  key: 74,
  name: 'ListConfigResources',
  versions: [0, 1],
  flexibleSince: 0,
  listeners: ['broker'],
  request: { resourceTypes: array(int8(), { since: 1 }) },
  response: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    configResources: array(
      struct({ resourceName: string(), resourceType: int8({ since: 1, default: 16, ignorable: true }) }),
    ),
  },
})

export type ListConfigResourcesRequest = Value<typeof listConfigResources.request>
export type ListConfigResourcesRequestInput = Input<typeof listConfigResources.request>
export type ListConfigResourcesResponse = Value<typeof listConfigResources.response>
export type ListConfigResourcesResponseInput = Input<typeof listConfigResources.response>
