/**
 * UpdateFeatures (57): changes finalized feature levels (KIP-584).
 */
import { array, bool, type Input, int8, int16, int32, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const updateFeatures = api({
  key: 57,
  name: 'UpdateFeatures',
  versions: [0, 2],
  flexibleSince: 0,
  listeners: ['broker', 'controller'],
  request: {
    timeoutMs: int32({ default: 60000 }),
    featureUpdates: array(
      struct({
        feature: string(),
        maxVersionLevel: int16(),
        allowDowngrade: bool({ until: 0 }),
        upgradeType: int8({ since: 1, default: 1 }),
      }),
    ),
    validateOnly: bool({ since: 1, default: false }),
  },
  response: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: true }),
    results: array(
      struct({ feature: string(), errorCode: int16(), errorMessage: string({ nullable: true }) }),
      { until: 1, ignorable: true },
    ),
  },
})

export type UpdateFeaturesRequest = Value<typeof updateFeatures.request>
export type UpdateFeaturesRequestInput = Input<typeof updateFeatures.request>
export type UpdateFeaturesResponse = Value<typeof updateFeatures.response>
export type UpdateFeaturesResponseInput = Input<typeof updateFeatures.response>
