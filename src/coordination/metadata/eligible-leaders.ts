/**
 * Eligible leader replicas as a feature of the cluster (KIP-966): whether they are kept, and the settings that make it safe.
 *
 * They are safe only where all nodes agree on `min.insync.replicas`, for nothing is committed below it. So with the
 * feature the cluster has a value of its own in the metadata, and no broker another: what Kafka writes, in its order.
 */
import { brokerDefinition, type ConfigDefinition, configResourceType } from '../configs/definition.ts'
import { emptyLayers, resolveBrokerConfig } from '../configs/resolve.ts'
import type { NodeFacts } from './config-layers.ts'
import { ELIGIBLE_LEADERS_FEATURE } from './features.ts'
import { configsOf, type MetadataImage } from './image.ts'
import type { MetadataRecord } from './record.ts'

const MIN_INSYNC = 'min.insync.replicas'
const definition = minInsyncDefinition()

export function keepsEligibleLeaders(image: MetadataImage): boolean {
  return (image.features.get(ELIGIBLE_LEADERS_FEATURE) ?? 0) > 0
}

/** The records that the metadata needs for the feature to be on; none where all is said. `node`'s file gives the value. */
export function eligibleLeaderSettings(image: MetadataImage, node: NodeFacts): readonly MetadataRecord[] {
  const records: MetadataRecord[] = []
  if (configsOf(image, { type: configResourceType.broker, name: '' }).get(MIN_INSYNC) === undefined)
    records.push(
      settingOf('', resolveBrokerConfig(definition, { ...emptyLayers, static: node.statics }).value),
    )
  for (const { resource, values } of image.configs.values()) {
    const isOneBroker = resource.type === configResourceType.broker && resource.name !== ''
    if (isOneBroker && values.get(MIN_INSYNC) !== undefined) records.push(settingOf(resource.name, null))
  }
  return records
}

function settingOf(resourceName: string, value: string | null): MetadataRecord {
  const resourceType = configResourceType.broker
  return { type: 'ConfigRecord', value: { resourceType, resourceName, name: MIN_INSYNC, value } }
}

function minInsyncDefinition(): ConfigDefinition {
  const found = brokerDefinition(MIN_INSYNC)
  if (found === undefined) throw new Error(`no broker setting is called ${MIN_INSYNC}`)
  return found
}
