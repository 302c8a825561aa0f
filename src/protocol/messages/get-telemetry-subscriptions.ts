/**
 * GetTelemetrySubscriptions (71): tells a client which of its metrics to push (KIP-714).
 */
import { array, bool, type Input, int8, int16, int32, string, uuid, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const getTelemetrySubscriptions = api({
  key: 71,
  name: 'GetTelemetrySubscriptions',
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['broker'],
  request: { clientInstanceId: uuid() },
  response: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    clientInstanceId: uuid(),
    subscriptionId: int32(),
    acceptedCompressionTypes: array(int8()),
    pushIntervalMs: int32(),
    telemetryMaxBytes: int32(),
    deltaTemporality: bool(),
    requestedMetrics: array(string()),
  },
})

export type GetTelemetrySubscriptionsRequest = Value<typeof getTelemetrySubscriptions.request>
export type GetTelemetrySubscriptionsRequestInput = Input<typeof getTelemetrySubscriptions.request>
export type GetTelemetrySubscriptionsResponse = Value<typeof getTelemetrySubscriptions.response>
export type GetTelemetrySubscriptionsResponseInput = Input<typeof getTelemetrySubscriptions.response>
