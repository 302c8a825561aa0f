/**
 * What AlterConfigs and IncrementalAlterConfigs do alike with the resources that a request names.
 *
 * Each resource stands or falls alone, one named twice falls each time, and names and nulls are checked before the
 * resource itself, in Kafka's order. How the new values come about is the caller's; what they lead to,
 * `config-change.ts` decides. Time grows with the request's size and never with its square.
 */
import { errorCode } from '../../../protocol/errors.ts'
import { isProblem, type Problem } from '../../problem.ts'
import type { NodeFacts } from '../config-layers.ts'
import type { MetadataDecision } from '../decision.ts'
import { type ConfigResource, configResourceKey, type MetadataImage } from '../image.ts'
import type { MetadataRecord } from '../record.ts'
import { configResourceProblem, invalidRequest } from './config-change.ts'

interface RequestedResource {
  readonly resourceType: number
  readonly resourceName: string
}

interface ConfigsRequest<Requested> {
  readonly resources: readonly Requested[]
  readonly validateOnly: boolean
}

interface ConfigsReply {
  readonly throttleTimeMs: number
  readonly responses: (RequestedResource & {
    readonly errorCode: number
    readonly errorMessage: string | null
  })[]
}

const resourceNamedTwice = invalidRequest('Each resource must appear at most once.')
const configNamedTwice = invalidRequest('Error due to duplicate config keys')

/** One answer for each resource; the records of those that pass, unless the request only validates. */
export function decideEachResource<Requested extends RequestedResource>(
  request: ConfigsRequest<Requested>,
  recordsOf: (requested: Requested) => readonly MetadataRecord[] | Problem,
): MetadataDecision<ConfigsReply> {
  const keys = request.resources.map((requested) => configResourceKey(resourceOf(requested)))
  const repeated = repeatedNames(keys)
  const records: MetadataRecord[] = []
  const responses = request.resources.map((requested, index) => {
    const { resourceType, resourceName } = requested
    const outcome = repeated.has(keys[index] ?? '') ? resourceNamedTwice : recordsOf(requested)
    if (isProblem(outcome)) return { ...outcome, resourceType, resourceName }
    if (!request.validateOnly) for (const record of outcome) records.push(record)
    return { errorCode: errorCode.NONE, errorMessage: null, resourceType, resourceName }
  })
  return { records, reply: { throttleTimeMs: 0, responses } }
}

/** Why these settings of the resource must not be changed at all; `needsValue` says which of them may not be null. */
export function requestedConfigsProblem<
  Config extends { readonly name: string; readonly value: string | null },
>(
  image: MetadataImage,
  requested: RequestedResource & { readonly configs: readonly Config[] },
  needsValue: (config: Config) => boolean,
  context: NodeFacts,
): Problem | undefined {
  if (repeatedNames(requested.configs.map(({ name }) => name)).size > 0) return configNamedTwice
  const nulls = requested.configs.filter((config) => config.value === null && needsValue(config))
  if (nulls.length > 0) {
    return invalidRequest(`Null value not supported for : ${nulls.map(({ name }) => name).join(',')}`)
  }
  return configResourceProblem(image, resourceOf(requested), context)
}

/** The resource that a part of a request is about. */
export function resourceOf({ resourceType, resourceName }: RequestedResource): ConfigResource {
  return { type: resourceType, name: resourceName }
}

function repeatedNames(names: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>()
  const repeated = new Set<string>()
  for (const name of names) (seen.has(name) ? repeated : seen).add(name)
  return repeated
}
