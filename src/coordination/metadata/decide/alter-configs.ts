/**
 * AlterConfigs, the old way: the settings named are all that the resource has afterwards.
 */
import { errorCode } from '../../../protocol/errors.ts'
import type {
  AlterConfigsRequest,
  AlterConfigsResponseInput,
} from '../../../protocol/messages/alter-configs.ts'
import { isProblem, type Problem } from '../../problem.ts'
import type { NodeFacts } from '../config-layers.ts'
import type { MetadataDecision } from '../decision.ts'
import { configResourceKey, configsOf, type MetadataImage } from '../image.ts'
import type { MetadataRecord } from '../record.ts'
import {
  configChangeRecords,
  configResourceProblem,
  duplicateKeys,
  eachResourceOnce,
  hasDuplicates,
} from './config-change.ts'

type RequestedResource = AlterConfigsRequest['resources'][number]

export function decideAlterConfigs(
  image: MetadataImage,
  request: AlterConfigsRequest,
  context: NodeFacts,
): MetadataDecision<AlterConfigsResponseInput> {
  const keys = request.resources.map(({ resourceType, resourceName }) =>
    configResourceKey({ type: resourceType, name: resourceName }),
  )
  const records: MetadataRecord[] = []
  const responses = request.resources.map((requested, index) => {
    const { resourceType, resourceName } = requested
    const twice = keys.indexOf(keys[index] ?? '') !== keys.lastIndexOf(keys[index] ?? '')
    const outcome = twice ? eachResourceOnce : replacedConfigs(image, requested, context)
    if (isProblem(outcome)) return { ...outcome, resourceType, resourceName }
    if (!request.validateOnly) records.push(...outcome)
    return { errorCode: 0, errorMessage: null, resourceType, resourceName }
  })
  return { records, reply: { throttleTimeMs: 0, responses } }
}

function replacedConfigs(
  image: MetadataImage,
  requested: RequestedResource,
  context: NodeFacts,
): readonly MetadataRecord[] | Problem {
  const resource = { type: requested.resourceType, name: requested.resourceName }
  if (hasDuplicates(requested.configs.map(({ name }) => name))) return duplicateKeys
  const nulls = requested.configs.filter(({ value }) => value === null)
  if (nulls.length > 0) {
    const errorMessage = `Null value not supported for : ${nulls.map(({ name }) => name).join(',')}`
    return { errorCode: errorCode.INVALID_REQUEST, errorMessage }
  }
  const unfit = configResourceProblem(image, resource, context)
  if (unfit !== undefined) return unfit
  const changes = new Map<string, string | null>()
  for (const name of configsOf(image, resource).keys()) changes.set(name, null)
  for (const { name, value } of requested.configs) changes.set(name, value)
  return configChangeRecords(image, resource, changes, context)
}
