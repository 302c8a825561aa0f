/**
 * Which value of a setting counts, where it comes from, and what stands behind it.
 *
 * Precedence: the resource's own value, then this broker's dynamic one, the cluster's dynamic one, the broker's
 * properties file, the default; within one of these the synonyms in their order (milliseconds before minutes before
 * hours). It never parses what clients sent; the values that reach it were checked when they were set.
 */
import {
  brokerDefinitions,
  type ConfigDefinition,
  clientMetricsDefinitions,
  configResourceType,
  groupDefinitions,
  topicDefinitions,
} from './definition.ts'

/** Ids of sources, as in DescribeConfigs. */
export const configSource = {
  unknown: 0,
  topic: 1,
  dynamicBroker: 2,
  dynamicDefaultBroker: 3,
  staticBroker: 4,
  default: 5,
  brokerLogger: 6,
  clientMetrics: 7,
  group: 8,
} as const

export type ConfigSource = (typeof configSource)[keyof typeof configSource]

/** Values by name; a Map and an OrderedMap are such. */
export interface ConfigLookup {
  get(name: string): string | undefined
}

/** What was set for brokers: on one of them, on all of them, and in the properties file of the one that answers. */
export interface BrokerConfigLayers {
  readonly dynamic: ConfigLookup
  readonly dynamicDefault: ConfigLookup
  readonly static: ConfigLookup
}

/** One place that has a value of the setting or of a synonym, in the words of that place. */
export interface ConfigSynonymValue {
  readonly name: string
  readonly value: string
  readonly source: ConfigSource
}

export interface ResolvedConfig {
  readonly definition: ConfigDefinition
  /** As text in the setting's own unit; null when nothing gives one. */
  readonly value: string | null
  readonly source: ConfigSource
  /** Every place that has a value, in order of precedence. */
  readonly synonyms: readonly ConfigSynonymValue[]
}

const nothing: ConfigLookup = new Map<string, string>()

/** Layers without any value: everything is at its default. */
export const emptyLayers: BrokerConfigLayers = { dynamic: nothing, dynamicDefault: nothing, static: nothing }

interface Candidate extends ConfigSynonymValue {
  readonly factor: bigint
}

function brokerCandidates(definition: ConfigDefinition, layers: BrokerConfigLayers): Candidate[] {
  const candidates: Candidate[] = []
  const add = (lookup: ConfigLookup, source: ConfigSource) => {
    for (const { name, factor } of definition.synonyms) {
      const value = lookup.get(name)
      if (value !== undefined) candidates.push({ name, value, source, factor })
    }
  }
  add(layers.dynamic, configSource.dynamicBroker)
  add(layers.dynamicDefault, configSource.dynamicDefaultBroker)
  add(layers.static, configSource.staticBroker)
  add(brokerDefaults, configSource.default)
  return candidates
}

const brokerDefaults: ConfigLookup = {
  get: (name) => brokerDefinitions.get(name)?.default ?? undefined,
}

/** The same quantity in the setting's own unit; a factor is only ever beside whole numbers. */
function converted(candidate: Candidate): string {
  if (candidate.factor === 1n) return candidate.value
  const value = BigInt(candidate.value.trim())
  // -1 means "without limit" in every unit.
  return String(value < 0n ? -1n : value * candidate.factor)
}

function shown(candidates: readonly Candidate[]): ConfigSynonymValue[] {
  return candidates.map(({ name, value, source }) => ({ name, value, source }))
}

/** A broker setting as a broker with these layers has it. */
export function resolveBrokerConfig(
  definition: ConfigDefinition,
  layers: BrokerConfigLayers,
): ResolvedConfig {
  const candidates = brokerCandidates(definition, layers)
  const own = candidates.findIndex((candidate) => candidate.name === definition.name)
  const [first] = candidates
  if (own < 0 || first === undefined) {
    return { definition, value: definition.default, source: configSource.default, synonyms: [] }
  }
  const fromOwn = candidates.slice(own)
  const value = candidates[own]
  return {
    definition,
    value: value?.value ?? null,
    source: value?.source ?? configSource.default,
    synonyms: shown(fromOwn),
  }
}

/** A topic's or group's setting: its own value, or the broker settings behind it, or its default. */
function resolveOver(
  definition: ConfigDefinition,
  own: ConfigLookup,
  ownSource: ConfigSource,
  layers: BrokerConfigLayers,
): ResolvedConfig {
  const behind = brokerCandidates(definition, layers)
  const set = own.get(definition.name)
  const [best] = behind
  // Where only a default in another unit is left, Kafka shows no synonym; a value that somebody set is always shown.
  const [main] = definition.synonyms
  const onlyOtherDefault = best?.source === configSource.default && best.name !== main?.name
  const synonyms = onlyOtherDefault ? [] : shown(behind)
  if (set !== undefined) {
    const first = { name: definition.name, value: set, source: ownSource }
    return { definition, value: set, source: ownSource, synonyms: [first, ...synonyms] }
  }
  if (best === undefined)
    return { definition, value: definition.default, source: configSource.default, synonyms }
  return { definition, value: converted(best), source: best.source, synonyms }
}

/** A topic's setting, `own` being what was set on the topic. */
export function resolveTopicConfig(
  definition: ConfigDefinition,
  own: ConfigLookup,
  layers: BrokerConfigLayers,
): ResolvedConfig {
  return resolveOver(definition, own, configSource.topic, layers)
}

/** A group's setting, `own` being what was set on the group. */
export function resolveGroupConfig(
  definition: ConfigDefinition,
  own: ConfigLookup,
  layers: BrokerConfigLayers,
): ResolvedConfig {
  const resolved = resolveOver(definition, own, configSource.group, layers)
  if (definition.synonyms.length > 0 || definition.default === null) return resolved
  const fallback = { name: definition.name, value: definition.default, source: configSource.default }
  return { ...resolved, synonyms: [...resolved.synonyms, fallback] }
}

/** A setting of a client metrics subscription; nothing stands behind it. */
export function resolveClientMetricsConfig(definition: ConfigDefinition, own: ConfigLookup): ResolvedConfig {
  return resolveOver(definition, own, configSource.clientMetrics, emptyLayers)
}

/** The definitions of a resource type's settings; undefined for a type that has none. */
export function definitionsOfType(type: number): ReadonlyMap<string, ConfigDefinition> | undefined {
  switch (type) {
    case configResourceType.topic:
      return topicDefinitions
    case configResourceType.broker:
      return brokerDefinitions
    case configResourceType.group:
      return groupDefinitions
    case configResourceType.clientMetrics:
      return clientMetricsDefinitions
    default:
      return undefined
  }
}
