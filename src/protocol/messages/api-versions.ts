/**
 * ApiVersions (18): tells which APIs and versions are served, and the features of the cluster (KIP-35, KIP-511, KIP-584).
 */
import { array, bool, type Input, int16, int32, int64, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const apiVersions = api({
  key: 18,
  name: 'ApiVersions',
  versions: [0, 5],
  flexibleSince: 3,
  listeners: ['broker', 'controller'],
  request: {
    clientSoftwareName: string({ since: 3, ignorable: true }),
    clientSoftwareVersion: string({ since: 3, ignorable: true }),
    clusterId: string({ since: 5, nullable: true, default: null, ignorable: true }),
    nodeId: int32({ since: 5, default: -1, ignorable: true }),
  },
  response: {
    errorCode: int16(),
    apiKeys: array(struct({ apiKey: int16(), minVersion: int16(), maxVersion: int16() })),
    throttleTimeMs: int32({ since: 1, ignorable: true }),
    supportedFeatures: array(
      struct({
        name: string({ since: 3 }),
        minVersion: int16({ since: 3 }),
        maxVersion: int16({ since: 3 }),
      }),
      { since: 3, tag: 0, ignorable: true },
    ),
    finalizedFeaturesEpoch: int64({ since: 3, tag: 1, default: -1n, ignorable: true }),
    finalizedFeatures: array(
      struct({
        name: string({ since: 3 }),
        maxVersionLevel: int16({ since: 3 }),
        minVersionLevel: int16({ since: 3 }),
      }),
      { since: 3, tag: 2, ignorable: true },
    ),
    zkMigrationReady: bool({ since: 3, tag: 3, default: false, ignorable: true }),
  },
})

export type ApiVersionsRequest = Value<typeof apiVersions.request>
export type ApiVersionsRequestInput = Input<typeof apiVersions.request>
export type ApiVersionsResponse = Value<typeof apiVersions.response>
export type ApiVersionsResponseInput = Input<typeof apiVersions.response>
