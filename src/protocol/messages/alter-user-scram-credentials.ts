/**
 * AlterUserScramCredentials (51): changes SCRAM credentials of users (KIP-554).
 */
import { array, bytes, type Input, int8, int16, int32, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const alterUserScramCredentials = api({
  key: 51,
  name: 'AlterUserScramCredentials',
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['broker', 'controller'],
  request: {
    deletions: array(struct({ name: string(), mechanism: int8() })),
    upsertions: array(
      struct({
        name: string(),
        mechanism: int8(),
        iterations: int32(),
        salt: bytes(),
        saltedPassword: bytes(),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32(),
    results: array(struct({ user: string(), errorCode: int16(), errorMessage: string({ nullable: true }) })),
  },
})

export type AlterUserScramCredentialsRequest = Value<typeof alterUserScramCredentials.request>
export type AlterUserScramCredentialsRequestInput = Input<typeof alterUserScramCredentials.request>
export type AlterUserScramCredentialsResponse = Value<typeof alterUserScramCredentials.response>
export type AlterUserScramCredentialsResponseInput = Input<typeof alterUserScramCredentials.response>
