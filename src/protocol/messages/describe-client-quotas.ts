/**
 * DescribeClientQuotas (48): lists quotas of users and clients (KIP-546).
 */
import {
  array,
  bool,
  float64,
  type Input,
  int8,
  int16,
  int32,
  string,
  struct,
  type Value,
} from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const describeClientQuotas = api({
  key: 48,
  name: 'DescribeClientQuotas',
  versions: [0, 1],
  flexibleSince: 1,
  listeners: ['broker'],
  request: {
    components: array(struct({ entityType: string(), matchType: int8(), match: string({ nullable: true }) })),
    strict: bool(),
  },
  response: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: true }),
    entries: array(
      struct({
        entity: array(struct({ entityType: string(), entityName: string({ nullable: true }) })),
        values: array(struct({ key: string(), value: float64() })),
      }),
      { nullable: true },
    ),
  },
})

export type DescribeClientQuotasRequest = Value<typeof describeClientQuotas.request>
export type DescribeClientQuotasRequestInput = Input<typeof describeClientQuotas.request>
export type DescribeClientQuotasResponse = Value<typeof describeClientQuotas.response>
export type DescribeClientQuotasResponseInput = Input<typeof describeClientQuotas.response>
