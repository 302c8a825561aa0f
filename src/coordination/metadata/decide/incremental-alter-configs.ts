/**
 * IncrementalAlterConfigs (KIP-339): settings change one by one; what is not named stays.
 *
 * Each resource stands or falls alone. Settings of groups and client metrics are stored before such a group or
 * subscription exists (observed 27).
 */
import type {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponseInput,
} from '../../../protocol/messages/incremental-alter-configs.ts'
import { alterOperation, alterValue } from '../../configs/alter-value.ts'
import { brokerDefinition, type ConfigDefinition, configResourceType } from '../../configs/definition.ts'
import {
  definitionsOfType,
  resolveBrokerConfig,
  resolveClientMetricsConfig,
  resolveGroupConfig,
  resolveTopicConfig,
} from '../../configs/resolve.ts'
import type { Problem } from '../../problem.ts'
import { brokerLayers, type NodeFacts } from '../config-layers.ts'
import type { MetadataDecision } from '../decision.ts'
import { type ConfigResource, configsOf, type MetadataImage } from '../image.ts'
import type { MetadataRecord } from '../record.ts'
import { configChangeRecords } from './config-change.ts'
import { decideEachResource, requestedConfigsProblem, resourceOf } from './requested-configs.ts'

type RequestedResource = IncrementalAlterConfigsRequest['resources'][number]

export function decideIncrementalAlterConfigs(
  image: MetadataImage,
  request: IncrementalAlterConfigsRequest,
  context: NodeFacts,
): MetadataDecision<IncrementalAlterConfigsResponseInput> {
  return decideEachResource(request, (requested) => alteredResource(image, requested, context))
}

function alteredResource(
  image: MetadataImage,
  requested: RequestedResource,
  context: NodeFacts,
): readonly MetadataRecord[] | Problem {
  const unfit = requestedConfigsProblem(image, requested, needsValue, context)
  if (unfit !== undefined) return unfit
  const resource = resourceOf(requested)
  const changes = new Map<string, string | null>()
  for (const operation of requested.configs) {
    const definition = definitionOf(resource, operation.name)
    const current = definition === undefined ? null : currentValue(image, resource, definition, context)
    const altered = alterValue(operation, definition, current)
    if (!altered.ok) return altered.problem
    changes.set(operation.name, altered.value)
  }
  return configChangeRecords(image, resource, changes, context)
}

function needsValue({ configOperation }: RequestedResource['configs'][number]): boolean {
  return configOperation !== alterOperation.delete
}

function definitionOf(resource: ConfigResource, name: string): ConfigDefinition | undefined {
  if (resource.type === configResourceType.broker) return brokerDefinition(name)
  return definitionsOfType(resource.type)?.get(name)
}

/** What counts now, and what APPEND and SUBTRACT start from. */
function currentValue(
  image: MetadataImage,
  resource: ConfigResource,
  definition: ConfigDefinition,
  context: NodeFacts,
): string | null {
  const own = configsOf(image, resource)
  const layers = brokerLayers(image, context)
  switch (resource.type) {
    case configResourceType.topic:
      return resolveTopicConfig(definition, own, layers).value
    case configResourceType.group:
      return resolveGroupConfig(definition, own, layers).value
    case configResourceType.clientMetrics:
      return resolveClientMetricsConfig(definition, own).value
    default:
      return own.get(definition.name) ?? resolveBrokerConfig(definition, layers).value
  }
}
