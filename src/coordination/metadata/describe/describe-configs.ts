/**
 * DescribeConfigs: the settings of resources, where each value comes from and what stands behind it.
 *
 * Rows come in alphabetical order, or in the order in which they were asked for. A broker answers for itself and for
 * the cluster's defaults only (observed 8). There is no documentation to give.
 */
import { errorCode } from '../../../protocol/errors.ts'
import type {
  DescribeConfigsRequest,
  DescribeConfigsResponseInput,
} from '../../../protocol/messages/describe-configs.ts'
import {
  brokerDefinition,
  brokerDefinitions,
  clusterSetOnly,
  configResourceType,
} from '../../configs/definition.ts'
import { type ConfigRow, describeRow, describeUnknownRow, isShown } from '../../configs/describe-row.ts'
import {
  configSource,
  definitionsOfType,
  emptyLayers,
  type ResolvedConfig,
  resolveBrokerConfig,
  resolveClientMetricsConfig,
  resolveGroupConfig,
  resolveTopicConfig,
} from '../../configs/resolve.ts'
import { isProblem, type Problem } from '../../problem.ts'
import { brokerLayers } from '../config-layers.ts'
import { configsOf, type MetadataImage, topicByName } from '../image.ts'
import { topicNameProblem } from '../topic-name.ts'

/** The node that answers. */
export interface ConfigsView {
  readonly nodeId: number
  /** Its properties file, which can be listed. */
  readonly statics: ReadonlyMap<string, string>
  /** Its loggers and their levels. */
  readonly loggers: ReadonlyMap<string, string>
}

type Requested = DescribeConfigsRequest['resources'][number]
type Result = DescribeConfigsResponseInput['results'][number]

export function describeConfigs(
  image: MetadataImage,
  request: DescribeConfigsRequest,
  view: ConfigsView,
): DescribeConfigsResponseInput {
  const results = request.resources.map((requested): Result => {
    const { resourceType, resourceName } = requested
    const rows = rowsOf(image, requested, request.includeSynonyms, view)
    if (isProblem(rows)) return { ...rows, resourceType, resourceName, configs: [] }
    return { errorCode: 0, errorMessage: null, resourceType, resourceName, configs: asAsked(rows, requested) }
  })
  return { throttleTimeMs: 0, results }
}

/** The rows asked for, in that order; all of them where nothing was named. */
function asAsked(rows: readonly ConfigRow[], requested: Requested): readonly ConfigRow[] {
  const keys = requested.configurationKeys
  if (keys === null || keys.length === 0) return rows
  const byName = new Map(rows.map((row) => [row.name, row]))
  return [...new Set(keys)].map((key) => byName.get(key)).filter((row) => row !== undefined)
}

function rowsOf(
  image: MetadataImage,
  requested: Requested,
  synonyms: boolean,
  view: ConfigsView,
): ConfigRow[] | Problem {
  const { resourceType: type, resourceName: name } = requested
  const named = new Set(requested.configurationKeys ?? [])
  const rows = (resolve: (definitionName: string) => ResolvedConfig | undefined) =>
    plainRows(type, resolve, named, synonyms)
  const own = configsOf(image, { type, name })
  const layers = brokerLayers(image, view)
  switch (type) {
    case configResourceType.topic: {
      const problem = topicProblem(image, name)
      if (problem !== undefined) return problem
      return rows((key) => withDefinition(type, key, (found) => resolveTopicConfig(found, own, layers)))
    }
    case configResourceType.group:
      if (name === '') return invalidRequest('Group name must not be empty')
      return rows((key) => withDefinition(type, key, (found) => resolveGroupConfig(found, own, layers)))
    case configResourceType.clientMetrics:
      if (name === '') return invalidRequest('Client metrics subscription name must not be empty')
      return rows((key) => withDefinition(type, key, (found) => resolveClientMetricsConfig(found, own)))
    case configResourceType.broker:
      return brokerRows(image, name, named, synonyms, view)
    case configResourceType.brokerLogger:
      return loggerRows(name, view)
    default:
      return invalidRequest(`Unsupported resource type: ${type}`)
  }
}

type Definition = Parameters<typeof resolveTopicConfig>[0]

function withDefinition(
  type: number,
  name: string,
  resolve: (definition: Definition) => ResolvedConfig,
): ResolvedConfig | undefined {
  const definition = definitionsOfType(type)?.get(name)
  return definition && resolve(definition)
}

/** The rows of a resource whose settings all have definitions; an internal one shows when set or named. */
function plainRows(
  type: number,
  resolve: (name: string) => ResolvedConfig | undefined,
  named: ReadonlySet<string>,
  synonyms: boolean,
): ConfigRow[] {
  const rows: ConfigRow[] = []
  for (const definition of definitionsOfType(type)?.values() ?? []) {
    const resolved = resolve(definition.name)
    if (resolved === undefined) continue
    if (isShown(definition, resolved) || named.has(definition.name)) {
      rows.push(describeRow(type, resolved, synonyms))
    }
  }
  return rows
}

function topicProblem(image: MetadataImage, name: string): Problem | undefined {
  const illegal = topicNameProblem(name)
  if (illegal !== undefined) return { errorCode: errorCode.INVALID_TOPIC_EXCEPTION, errorMessage: illegal }
  if (topicByName(image, name) !== undefined) return undefined
  const errorMessage = 'This server does not host this topic-partition.'
  return { errorCode: errorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage }
}

function brokerRows(
  image: MetadataImage,
  name: string,
  named: ReadonlySet<string>,
  synonyms: boolean,
  view: ConfigsView,
): ConfigRow[] | Problem {
  const all = brokerLayers(image, view)
  if (name === '') {
    // The cluster's defaults: only what was set there, and nothing behind it.
    const layers = { ...emptyLayers, dynamicDefault: all.dynamicDefault }
    const set = [...configsOf(image, { type: configResourceType.broker, name: '' }).keys()]
    return set.map((key) => brokerRow(key, layers, synonyms, false)).filter((row) => row !== undefined)
  }
  if (!/^-?\d+$/.test(name)) return invalidRequest(`Broker id must be an integer, but it is: ${name}`)
  if (Number(name) !== view.nodeId) {
    const expected = `expected ${view.nodeId} or empty string, but received ${name}`
    return invalidRequest(`Unexpected broker id, ${expected}`)
  }
  const keys = new Set([
    ...brokerDefinitions.keys(),
    ...configsOf(image, { type: configResourceType.broker, name }).keys(),
    ...configsOf(image, { type: configResourceType.broker, name: '' }).keys(),
    ...view.statics.keys(),
  ])
  return [...keys]
    .sort()
    .map((key) => brokerRow(key, all, synonyms, !named.has(key)))
    .filter((row) => row !== undefined)
}

function brokerRow(
  name: string,
  layers: ReturnType<typeof brokerLayers>,
  synonyms: boolean,
  hidesInternal: boolean,
): ConfigRow | undefined {
  const definition = brokerDefinition(name)
  if (definition === undefined) return describeUnknownRow(name, layers, synonyms)
  const resolved = resolveBrokerConfig(definition, layers)
  if (hidesInternal && !isShown(definition, resolved)) return undefined
  // Quotas that only the cluster can set show once somebody did.
  if (clusterSetOnly.has(name) && resolved.source === configSource.default) return undefined
  const row = describeRow(configResourceType.broker, resolved, synonyms)
  if (clusterSetOnly.has(name))
    return { ...row, synonyms: row.synonyms.filter(({ source }) => source !== configSource.default) }
  const onlyCluster = layers.static === emptyLayers.static && layers.dynamic === emptyLayers.dynamic
  return onlyCluster ? { ...row, synonyms: row.synonyms.slice(0, 1) } : row
}

function loggerRows(name: string, view: ConfigsView): ConfigRow[] | Problem {
  if (!/^-?\d+$/.test(name)) return invalidRequest(`Broker id must be an integer, but it is: ${name}`)
  if (Number(name) !== view.nodeId) {
    return invalidRequest(`Unexpected broker id, expected ${view.nodeId} but received ${name}`)
  }
  return [...view.loggers].map(([logger, level]) => ({
    name: logger,
    value: level,
    readOnly: false,
    configSource: configSource.brokerLogger,
    isSensitive: false,
    synonyms: [],
    configType: 0,
    documentation: null,
  }))
}

function invalidRequest(errorMessage: string): Problem {
  return { errorCode: errorCode.INVALID_REQUEST, errorMessage }
}
