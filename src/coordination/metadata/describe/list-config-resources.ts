/**
 * ListConfigResources (KIP-1142): the resources that have, or can have, settings.
 *
 * Version 0 is the old ListClientMetricsResources and knows nothing else.
 */
import { errorCode } from '../../../protocol/errors.ts'
import type {
  ListConfigResourcesRequest,
  ListConfigResourcesResponseInput,
} from '../../../protocol/messages/list-config-resources.ts'
import { configResourceType } from '../../configs/definition.ts'
import type { MetadataImage } from '../image.ts'

type Resource = ListConfigResourcesResponseInput['configResources'][number]

const { topic, broker, brokerLogger, clientMetrics, group } = configResourceType
const LISTED: readonly number[] = [group, clientMetrics, brokerLogger, broker, topic]

export function listConfigResources(
  image: MetadataImage,
  request: ListConfigResourcesRequest,
  apiVersion: number,
): ListConfigResourcesResponseInput {
  const asked = apiVersion === 0 ? [clientMetrics] : request.resourceTypes
  if (asked.some((type) => !LISTED.includes(type))) {
    return { throttleTimeMs: 0, errorCode: errorCode.UNSUPPORTED_VERSION, configResources: [] }
  }
  const types = LISTED.filter((type) => asked.length === 0 || asked.includes(type))
  return {
    throttleTimeMs: 0,
    errorCode: 0,
    configResources: types.flatMap((type) => resourcesOf(image, type)),
  }
}

function resourcesOf(image: MetadataImage, resourceType: number): Resource[] {
  const names = [...namesOf(image, resourceType)]
  return names.map((resourceName) => ({ resourceName, resourceType }))
}

function namesOf(image: MetadataImage, type: number): Iterable<string> {
  switch (type) {
    case topic:
      return image.topicIds.keys()
    case broker:
    case brokerLogger:
      return [...image.brokers.keys()].map(String)
    default:
      return [...image.configs.values()]
        .filter(({ resource }) => resource.type === type)
        .map(({ resource }) => resource.name)
  }
}
