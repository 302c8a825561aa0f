/**
 * Whether a topic's records are acknowledged before they are on the disk: Kafka's promise instead of ours.
 *
 * Ours holds until somebody sets `flush.messages`, `flush.ms` or one of their broker forms, to whatever value. One rule
 * for the logs that go by it and for the controller that must know what an unclean stop may have cost.
 */
import { type ConfigDefinition, topicDefinitions } from './definition.ts'
import { type BrokerConfigLayers, type ConfigLookup, configSource, resolveTopicConfig } from './resolve.ts'

const FLUSHING: readonly ConfigDefinition[] = ['flush.messages', 'flush.ms'].map((name) => {
  const definition = topicDefinitions.get(name)
  if (definition === undefined) throw new Error(`no topic setting is called ${name}`)
  return definition
})

/** `own`: what is set for the topic itself; `layers`: what is set for its broker. */
export function relaxesFlushing(own: ConfigLookup, layers: BrokerConfigLayers): boolean {
  return FLUSHING.some(
    (definition) => resolveTopicConfig(definition, own, layers).source !== configSource.default,
  )
}
