/**
 * DescribeDelegationToken (41): lists delegation tokens (KIP-48).
 */
import { array, bytes, type Input, int16, int32, int64, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const describeDelegationToken = api({
  key: 41,
  name: 'DescribeDelegationToken',
  versions: [1, 3],
  flexibleSince: 2,
  listeners: ['broker', 'controller'],
  request: {
    owners: array(struct({ principalType: string(), principalName: string() }), { nullable: true }),
  },
  response: {
    errorCode: int16(),
    tokens: array(
      struct({
        principalType: string(),
        principalName: string(),
        tokenRequesterPrincipalType: string({ since: 3 }),
        tokenRequesterPrincipalName: string({ since: 3 }),
        issueTimestamp: int64(),
        expiryTimestamp: int64(),
        maxTimestamp: int64(),
        tokenId: string(),
        hmac: bytes(),
        renewers: array(struct({ principalType: string(), principalName: string() })),
      }),
    ),
    throttleTimeMs: int32(),
  },
})

export type DescribeDelegationTokenRequest = Value<typeof describeDelegationToken.request>
export type DescribeDelegationTokenRequestInput = Input<typeof describeDelegationToken.request>
export type DescribeDelegationTokenResponse = Value<typeof describeDelegationToken.response>
export type DescribeDelegationTokenResponseInput = Input<typeof describeDelegationToken.response>
