/**
 * DescribeUserScramCredentials (50): lists users with SCRAM credentials (KIP-554).
 */
import { array, type Input, int8, int16, int32, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const describeUserScramCredentials = api({
  key: 50,
  name: 'DescribeUserScramCredentials',
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['broker', 'controller'],
  request: { users: array(struct({ name: string() }), { nullable: true }) },
  response: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: true }),
    results: array(
      struct({
        user: string(),
        errorCode: int16(),
        errorMessage: string({ nullable: true }),
        credentialInfos: array(struct({ mechanism: int8(), iterations: int32() })),
      }),
    ),
  },
})

export type DescribeUserScramCredentialsRequest = Value<typeof describeUserScramCredentials.request>
export type DescribeUserScramCredentialsRequestInput = Input<typeof describeUserScramCredentials.request>
export type DescribeUserScramCredentialsResponse = Value<typeof describeUserScramCredentials.response>
export type DescribeUserScramCredentialsResponseInput = Input<typeof describeUserScramCredentials.response>
