/**
 * DescribeConfigs (32): shows settings with their sources (KIP-133, KIP-226, KIP-569).
 */
import { array, bool, type Input, int8, int16, int32, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const describeConfigs = api({
  key: 32,
  name: 'DescribeConfigs',
  versions: [1, 4],
  flexibleSince: 4,
  listeners: ['broker', 'controller'],
  request: {
    resources: array(
      struct({
        resourceType: int8(),
        resourceName: string(),
        configurationKeys: array(string(), { nullable: true }),
      }),
    ),
    includeSynonyms: bool({ default: false }),
    includeDocumentation: bool({ since: 3, default: false }),
  },
  response: {
    throttleTimeMs: int32(),
    results: array(
      struct({
        errorCode: int16(),
        errorMessage: string({ nullable: true }),
        resourceType: int8(),
        resourceName: string(),
        configs: array(
          struct({
            name: string(),
            value: string({ nullable: true }),
            readOnly: bool(),
            configSource: int8({ default: -1, ignorable: true }),
            isSensitive: bool(),
            synonyms: array(struct({ name: string(), value: string({ nullable: true }), source: int8() }), {
              ignorable: true,
            }),
            configType: int8({ since: 3, default: 0, ignorable: true }),
            documentation: string({ since: 3, nullable: true, ignorable: true }),
          }),
        ),
      }),
    ),
  },
})

export type DescribeConfigsRequest = Value<typeof describeConfigs.request>
export type DescribeConfigsRequestInput = Input<typeof describeConfigs.request>
export type DescribeConfigsResponse = Value<typeof describeConfigs.response>
export type DescribeConfigsResponseInput = Input<typeof describeConfigs.response>
