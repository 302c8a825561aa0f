/**
 * AlterConfigs, the old way: the settings named are all that the resource has afterwards.
 */
import type {
  AlterConfigsRequest,
  AlterConfigsResponseInput,
} from '../../../protocol/messages/alter-configs.ts'
import type { Problem } from '../../problem.ts'
import type { NodeFacts } from '../config-layers.ts'
import type { MetadataDecision } from '../decision.ts'
import { configsOf, type MetadataImage } from '../image.ts'
import type { MetadataRecord } from '../record.ts'
import { configChangeRecords } from './config-change.ts'
import { decideEachResource, requestedConfigsProblem, resourceOf } from './requested-configs.ts'

type RequestedResource = AlterConfigsRequest['resources'][number]

export function decideAlterConfigs(
  image: MetadataImage,
  request: AlterConfigsRequest,
  context: NodeFacts,
): MetadataDecision<AlterConfigsResponseInput> {
  return decideEachResource(request, (requested) => replacedConfigs(image, requested, context))
}

function replacedConfigs(
  image: MetadataImage,
  requested: RequestedResource,
  context: NodeFacts,
): readonly MetadataRecord[] | Problem {
  const unfit = requestedConfigsProblem(image, requested, () => true, context)
  if (unfit !== undefined) return unfit
  const resource = resourceOf(requested)
  const changes = new Map<string, string | null>()
  for (const name of configsOf(image, resource).keys()) changes.set(name, null)
  for (const { name, value } of requested.configs) changes.set(name, value)
  return configChangeRecords(image, resource, changes, context)
}
