/**
 * PushTelemetry (72): carries a client's metrics to the broker (KIP-714).
 */
import { bool, bytes, type Input, int8, int16, int32, uuid, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const pushTelemetry = api({
  key: 72,
  name: 'PushTelemetry',
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['broker'],
  request: {
    clientInstanceId: uuid(),
    subscriptionId: int32(),
    terminating: bool(),
    compressionType: int8(),
    metrics: bytes(),
  },
  response: { throttleTimeMs: int32(), errorCode: int16() },
})

export type PushTelemetryRequest = Value<typeof pushTelemetry.request>
export type PushTelemetryRequestInput = Input<typeof pushTelemetry.request>
export type PushTelemetryResponse = Value<typeof pushTelemetry.response>
export type PushTelemetryResponseInput = Input<typeof pushTelemetry.response>
