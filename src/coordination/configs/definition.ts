/**
 * What a setting is: type, default, allowed values, who may change it, and which broker settings stand behind it.
 *
 * The facts are data (`definitions/*.json`, Kafka's own names and defaults); this file only gives them types and
 * finds them by name. Nothing is parsed or resolved here.
 */
import brokerFacts from './definitions/broker.json' with { type: 'json' }
import clientMetricsFacts from './definitions/client-metrics.json' with { type: 'json' }
import groupFacts from './definitions/group.json' with { type: 'json' }
import topicFacts from './definitions/topic.json' with { type: 'json' }
import { parseValidator, type Validator } from './validator.ts'

/** Ids of the resources that have configs, as in DescribeConfigs and in ConfigRecord. */
export const configResourceType = {
  topic: 2,
  broker: 4,
  brokerLogger: 8,
  clientMetrics: 16,
  group: 32,
} as const

/** Ids of value types, as in DescribeConfigs. */
export const configTypeId = {
  BOOLEAN: 1,
  STRING: 2,
  INT: 3,
  SHORT: 4,
  LONG: 5,
  DOUBLE: 6,
  LIST: 7,
  CLASS: 8,
  PASSWORD: 9,
} as const

export type ConfigType = keyof typeof configTypeId

/** When a broker setting may change: never while it runs, for one broker, or for the whole cluster and one broker. */
export type UpdateMode = 'read-only' | 'per-broker' | 'cluster-wide'

/** A broker setting that gives another one's value, times `factor` (hours become milliseconds). */
export interface ConfigSynonym {
  readonly name: string
  readonly factor: bigint
}

export interface ConfigDefinition {
  readonly name: string
  readonly type: ConfigType
  /** As text; null: none. */
  readonly default: string | null
  readonly validator: Validator
  readonly sensitive: boolean
  /** Not shown unless it was set. */
  readonly internal: boolean
  /** Meaningful for broker settings; everything else may always be changed. */
  readonly update: UpdateMode
  /** Broker settings behind this one, best first; a broker setting without others has itself. */
  readonly synonyms: readonly ConfigSynonym[]
}

interface Facts {
  readonly type: string
  readonly default?: string | null
  readonly valid?: string
  readonly sensitive?: boolean
  readonly internal?: boolean
  readonly update?: string
  readonly synonyms?: readonly string[]
  readonly brokerConfig?: string
  readonly brokerSynonyms?: readonly { readonly name: string; readonly factor: number }[]
}

function isConfigType(text: string): text is ConfigType {
  return Object.hasOwn(configTypeId, text)
}

function typeOf(name: string, text: string): ConfigType {
  if (isConfigType(text)) return text
  throw new Error(`setting ${name} has the unknown type ${text}`)
}

function updateOf(text: string | undefined): UpdateMode {
  return text === 'per-broker' || text === 'read-only' ? text : 'cluster-wide'
}

function synonymsOf(name: string, facts: Facts, ownName: boolean): ConfigSynonym[] {
  if (facts.brokerSynonyms !== undefined) {
    return facts.brokerSynonyms.map((synonym) => ({ name: synonym.name, factor: BigInt(synonym.factor) }))
  }
  if (facts.brokerConfig !== undefined) return [{ name: facts.brokerConfig, factor: 1n }]
  if (facts.synonyms !== undefined) return facts.synonyms.map((synonym) => ({ name: synonym, factor: 1n }))
  return ownName ? [{ name, factor: 1n }] : []
}

function definitionsOf(
  configs: Readonly<Record<string, Facts>>,
  ownName: boolean,
): ReadonlyMap<string, ConfigDefinition> {
  const definitions = new Map<string, ConfigDefinition>()
  for (const [name, facts] of Object.entries(configs)) {
    definitions.set(name, {
      name,
      type: typeOf(name, facts.type),
      default: facts.default ?? null,
      validator: parseValidator(facts.valid),
      sensitive: facts.sensitive ?? false,
      internal: facts.internal ?? false,
      update: updateOf(facts.update),
      synonyms: synonymsOf(name, facts, ownName),
    })
  }
  return definitions
}

function withOwnDefaults(
  definitions: ReadonlyMap<string, ConfigDefinition>,
): ReadonlyMap<string, ConfigDefinition> {
  return new Map(
    [...definitions].map(([name, definition]) => [
      name,
      { ...definition, default: ownDefaults[name] ?? definition.default },
    ]),
  )
}

/** Settings of a topic, by name, in alphabetical order. */
export const topicDefinitions = definitionsOf(topicFacts.configs, false)

/**
 * Where we differ from Kafka on purpose: a broker that falls silent is replaced in 2.5 s, not in 9 s. A false alarm costs
 * little here, for whom the controller can still reach is asked before it is given up.
 */
const ownDefaults: Readonly<Record<string, string>> = {
  'broker.heartbeat.interval.ms': '250',
  'broker.session.timeout.ms': '2500',
}

/** Settings of a broker, those that only the cluster can set (replication quotas) among them. */
export const brokerDefinitions = withOwnDefaults(
  definitionsOf({ ...brokerFacts.configs, ...brokerFacts.dynamicOnly }, true),
)

/** Settings that no properties file can give: the replication quotas. */
export const clusterSetOnly: ReadonlySet<string> = new Set(Object.keys(brokerFacts.dynamicOnly))

/** Settings of a group (consumer, share and streams groups; a classic group has none). */
export const groupDefinitions = definitionsOf(groupFacts.configs, false)

/** Settings of a client metrics subscription. */
export const clientMetricsDefinitions = definitionsOf(clientMetricsFacts.configs, false)

/** Settings that stand behind `listener.name.<listener>.` too, and that without it no client can change. */
export const listenerPrefixable: ReadonlySet<string> = new Set(brokerFacts.listenerPrefixable)

const LISTENER_PREFIX = /^listener\.name\.[^.]+\.(.+)$/

/** The setting's name without `listener.name.<listener>.`, or undefined when it has no such prefix. */
export function withoutListenerPrefix(name: string): string | undefined {
  return LISTENER_PREFIX.exec(name)?.[1]
}

/**
 * The definition of a broker setting, undefined when Kafka defines no such name. Behind a listener's prefix it is
 * that of the name after it, which then gives the value where the prefixed one is not set.
 */
export function brokerDefinition(name: string): ConfigDefinition | undefined {
  const exact = brokerDefinitions.get(name)
  if (exact !== undefined) return exact
  const base = withoutListenerPrefix(name)
  const behind = base === undefined ? undefined : brokerDefinitions.get(base)
  return behind && { ...behind, name, synonyms: [{ name, factor: 1n }, ...behind.synonyms] }
}
