/**
 * What changing a resource's settings comes to, however the change was asked for.
 *
 * Checks the resource, then the outcome against the rules of its type, and gives the records. Shared by AlterConfigs
 * and IncrementalAlterConfigs, which differ only in how they arrive at the new values.
 */
import { errorCode } from '../../../protocol/errors.ts'
import { brokerConfigProblem } from '../../configs/broker-rules.ts'
import { clientMetricsConfigProblem } from '../../configs/client-metrics-rules.ts'
import { configResourceType } from '../../configs/definition.ts'
import { groupConfigProblem } from '../../configs/group-rules.ts'
import { topicConfigProblem } from '../../configs/topic-rules.ts'
import type { Problem } from '../../problem.ts'
import { brokerLayers, type NodeFacts } from '../config-layers.ts'
import { eligibleLeaderChanges } from '../elections.ts'
import { keepsEligibleLeaders } from '../eligible-leaders.ts'
import { type ConfigResource, configsOf, type MetadataImage, topicByName } from '../image.ts'
import type { MetadataRecord } from '../record.ts'
import { topicNameProblem } from '../topic-name.ts'

/** New value by name; null removes. */
export type ConfigChanges = ReadonlyMap<string, string | null>

/** Why the resource cannot have settings at all; undefined when it can. */
export function configResourceProblem(
  image: MetadataImage,
  { type, name }: ConfigResource,
  context: NodeFacts,
): Problem | undefined {
  switch (type) {
    case configResourceType.topic:
      return topicResourceProblem(image, name)
    case configResourceType.broker:
      return nodeResourceProblem(name, context, 'Unexpected broker id, expected')
    case configResourceType.brokerLogger:
      return { errorCode: errorCode.INVALID_CONFIG, errorMessage: 'Log levels cannot be changed here.' }
    case configResourceType.group:
      return name === '' ? invalidRequest('Default group resources are not allowed.') : undefined
    case configResourceType.clientMetrics:
      return name === '' ? invalidRequest("Subscription name can't be empty") : undefined
    default:
      return invalidRequest(`Unknown resource type ${type}`)
  }
}

function topicResourceProblem(image: MetadataImage, name: string): Problem | undefined {
  if (name === '') return invalidRequest('Default topic resources are not allowed.')
  const illegal = topicNameProblem(name)
  if (illegal !== undefined) return { errorCode: errorCode.INVALID_TOPIC_EXCEPTION, errorMessage: illegal }
  if (topicByName(image, name) !== undefined) return undefined
  const errorMessage = `The topic '${name}' does not exist.`
  return { errorCode: errorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage }
}

function nodeResourceProblem(name: string, context: NodeFacts, unexpected: string): Problem | undefined {
  if (name === '') return undefined
  if (!/^-?\d+$/.test(name)) return invalidRequest(`Node id must be an integer, but it is: ${name}`)
  if (Number(name) === context.nodeId) return undefined
  return invalidRequest(`${unexpected} ${context.nodeId}, but received ${name}`)
}

/** INVALID_REQUEST with this message. */
export function invalidRequest(errorMessage: string): Problem {
  return { errorCode: errorCode.INVALID_REQUEST, errorMessage }
}

/** The records that change the resource's settings, or why they must not change so. */
export function configChangeRecords(
  image: MetadataImage,
  resource: ConfigResource,
  changes: ConfigChanges,
  context: NodeFacts,
): readonly MetadataRecord[] | Problem {
  const before = configsOf(image, resource)
  const problem = outcomeProblem(image, resource, changes, context)
  if (problem !== undefined) return problem
  const records: MetadataRecord[] = []
  for (const [name, value] of changes) {
    // A broker reads a certificate anew when its location is set again, so the same value is a change there.
    const repeats = resource.type !== configResourceType.broker || value === null
    if (repeats && (before.get(name) ?? null) === value) continue
    records.push({
      type: 'ConfigRecord',
      value: { resourceType: resource.type, resourceName: resource.name, name, value },
    })
  }
  if (changes.has('min.insync.replicas')) records.push(...eligibleLeaderChanges(image, records, context))
  return records
}

function outcomeProblem(
  image: MetadataImage,
  resource: ConfigResource,
  changes: ConfigChanges,
  context: NodeFacts,
): Problem | undefined {
  const after = new Map<string, string>(configsOf(image, resource))
  for (const [name, value] of changes) {
    if (value === null) after.delete(name)
    else after.set(name, value)
  }
  switch (resource.type) {
    case configResourceType.topic:
      return topicConfigProblem(after)
    case configResourceType.group:
      return groupConfigProblem(after, brokerLayers(image, context))
    case configResourceType.clientMetrics:
      return clientMetricsConfigProblem(after)
    default:
      return brokerConfigProblem(changes, resource.name === '') ?? minInsyncProblem(image, resource, changes)
  }
}

/** With eligible leader replicas the cluster's own `min.insync.replicas` must stay, and brokers have none (KIP-966). */
function minInsyncProblem(
  image: MetadataImage,
  resource: ConfigResource,
  changes: ConfigChanges,
): Problem | undefined {
  const value = changes.get('min.insync.replicas')
  if (value === undefined || !keepsEligibleLeaders(image)) return undefined
  if (resource.name !== '') {
    const errorMessage = 'Broker-level min.insync.replicas cannot be altered while ELR is enabled.'
    return { errorCode: errorCode.INVALID_CONFIG, errorMessage }
  }
  if (value !== null) return undefined
  const errorMessage = 'Cluster-level min.insync.replicas cannot be removed while ELR is enabled.'
  return { errorCode: errorCode.INVALID_CONFIG, errorMessage }
}
