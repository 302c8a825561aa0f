/**
 * One setting as DescribeConfigs and CreateTopics tell it.
 *
 * Sensitive values never leave: they are null, in synonyms too. A name that Kafka does not define may hold a secret
 * of some plug-in, so it comes back as sensitive and read-only.
 */
import { brokerDefinition, type ConfigDefinition, configResourceType, configTypeId } from './definition.ts'
import { type BrokerConfigLayers, configSource, type ResolvedConfig } from './resolve.ts'

export interface ConfigRow {
  readonly name: string
  readonly value: string | null
  readonly readOnly: boolean
  readonly configSource: number
  readonly isSensitive: boolean
  readonly synonyms: readonly {
    readonly name: string
    readonly value: string | null
    readonly source: number
  }[]
  readonly configType: number
  readonly documentation: null
}

/** The row of a setting of a resource of the given type; only broker settings can be read-only. */
export function describeRow(
  resourceType: number,
  resolved: ResolvedConfig,
  includeSynonyms: boolean,
): ConfigRow {
  const { definition } = resolved
  const hidden = definition.sensitive
  return {
    name: definition.name,
    value: hidden ? null : resolved.value,
    readOnly: resourceType === configResourceType.broker && definition.update === 'read-only',
    configSource: resolved.source,
    isSensitive: hidden,
    synonyms: includeSynonyms ? synonymsOf(resolved, hidden) : [],
    configType: configTypeId[definition.type],
    documentation: null,
  }
}

function synonymsOf(resolved: ResolvedConfig, hidden: boolean): ConfigRow['synonyms'] {
  return resolved.synonyms.map((synonym) => {
    const sensitive =
      hidden || (isBrokerSynonym(synonym.name) && brokerDefinition(synonym.name)?.sensitive === true)
    return { name: synonym.name, value: sensitive ? null : synonym.value, source: synonym.source }
  })
}

function isBrokerSynonym(name: string): boolean {
  return brokerDefinition(name) !== undefined
}

/** The row of a broker setting that Kafka does not define but somebody set; undefined when nobody did. */
export function describeUnknownRow(
  name: string,
  layers: BrokerConfigLayers,
  includeSynonyms: boolean,
): ConfigRow | undefined {
  const places = [
    { lookup: layers.dynamic, source: configSource.dynamicBroker },
    { lookup: layers.dynamicDefault, source: configSource.dynamicDefaultBroker },
    { lookup: layers.static, source: configSource.staticBroker },
  ].filter(({ lookup }) => lookup.get(name) !== undefined)
  const [first] = places
  if (first === undefined) return undefined
  return {
    name,
    value: null,
    readOnly: true,
    configSource: first.source,
    isSensitive: true,
    synonyms: includeSynonyms ? places.map(({ source }) => ({ name, value: null, source })) : [],
    configType: 0,
    documentation: null,
  }
}

/** Whether a setting belongs in a list of all: internal ones only when somebody set them. */
export function isShown(definition: ConfigDefinition, resolved: ResolvedConfig): boolean {
  return !definition.internal || resolved.source !== configSource.default
}
