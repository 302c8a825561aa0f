/**
 * ApiVersions (18), versions 0–5: what is served here, derived from the handlers that exist, in ascending
 * order of keys; and the features of the cluster from version 3 on.
 *
 * A bad client software name is refused with 42 and an empty list (KIP-511). Version 3 hides supported
 * features whose minimum is 0, for its readers take them for invalid; version 4 shows all. A client that
 * names another cluster or node than this one (version 5, KIP-1242) is told to bootstrap again.
 */
import { KRAFT_VERSION, supportedFeatures } from '../../coordination/metadata/features.ts'
import { errorCode } from '../../protocol/errors.ts'
import { type ApiVersionsResponseInput, apiVersions } from '../../protocol/messages/api-versions.ts'
import { type Handler, serve } from '../handler.ts'
import type { BrokerServices } from '../services.ts'

const FIRST_VERSION_WITH_SOFTWARE_NAME = 3
const FIRST_VERSION_WITH_ZERO_MINIMUM = 4
const SOFTWARE = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/

/** One entry for each API, ascending. */
function entries(handlers: readonly Handler[]): ApiVersionsResponseInput['apiKeys'] {
  return handlers
    .map((handler) => ({
      apiKey: handler.api.key,
      minVersion: handler.advertised.min,
      maxVersion: handler.advertised.max,
    }))
    .sort((a, b) => a.apiKey - b.apiKey)
}

function features(broker: BrokerServices, version: number): Partial<ApiVersionsResponseInput> {
  const { highWatermark, kraftVersion } = broker.quorum.status
  const finalized = [...broker.quorum.image.features.entries()]
  if (kraftVersion > 0) finalized.push([KRAFT_VERSION, kraftVersion])
  return {
    supportedFeatures: supportedFeatures
      .map(({ name, min, max }) => ({ name, minVersion: min, maxVersion: max }))
      .filter((feature) => feature.minVersion > 0 || version >= FIRST_VERSION_WITH_ZERO_MINIMUM),
    finalizedFeaturesEpoch: BigInt(highWatermark),
    finalizedFeatures: finalized.map(([name, level]) => ({
      name,
      maxVersionLevel: level,
      minVersionLevel: level,
    })),
  }
}

export const apiVersionsHandler = serve(apiVersions, (request, call) => {
  const { broker, apiVersion, connection } = call
  if (apiVersion >= FIRST_VERSION_WITH_SOFTWARE_NAME) {
    if (!SOFTWARE.test(request.clientSoftwareName) || !SOFTWARE.test(request.clientSoftwareVersion)) {
      call.reply({ errorCode: errorCode.INVALID_REQUEST, apiKeys: [] })
      return
    }
    connection.softwareName = request.clientSoftwareName
    connection.softwareVersion = request.clientSoftwareVersion
  }
  const wrongCluster = request.clusterId !== null && request.clusterId !== broker.quorum.clusterId
  const wrongNode = request.nodeId >= 0 && request.nodeId !== broker.config.nodeId
  call.reply({
    errorCode: wrongCluster || wrongNode ? errorCode.REBOOTSTRAP_REQUIRED : 0,
    apiKeys: entries(broker.handlers),
    throttleTimeMs: 0,
    ...features(broker, apiVersion),
  })
})
