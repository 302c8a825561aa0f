/**
 * AlterClientQuotas (49): changes quotas of users and clients (KIP-546).
 */
import {
  array,
  bool,
  float64,
  type Input,
  int16,
  int32,
  string,
  struct,
  type Value,
} from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const alterClientQuotas = api({
  key: 49,
  name: 'AlterClientQuotas',
  versions: [0, 1],
  flexibleSince: 1,
  listeners: ['broker', 'controller'],
  request: {
    entries: array(
      struct({
        entity: array(struct({ entityType: string(), entityName: string({ nullable: true }) })),
        ops: array(struct({ key: string(), value: float64(), remove: bool() })),
      }),
    ),
    validateOnly: bool(),
  },
  response: {
    throttleTimeMs: int32(),
    entries: array(
      struct({
        errorCode: int16(),
        errorMessage: string({ nullable: true }),
        entity: array(struct({ entityType: string(), entityName: string({ nullable: true }) })),
      }),
    ),
  },
})

export type AlterClientQuotasRequest = Value<typeof alterClientQuotas.request>
export type AlterClientQuotasRequestInput = Input<typeof alterClientQuotas.request>
export type AlterClientQuotasResponse = Value<typeof alterClientQuotas.response>
export type AlterClientQuotasResponseInput = Input<typeof alterClientQuotas.response>
