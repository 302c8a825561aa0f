/**
 * The settings that count on one broker, read from the image and its properties file.
 *
 * Gives every decision the same precedence (`configs/resolve.ts`); it adds no rule of its own.
 */
import {
  brokerDefinition,
  configResourceType,
  groupDefinitions,
  topicDefinitions,
} from '../configs/definition.ts'
import {
  type BrokerConfigLayers,
  type ConfigLookup,
  type ResolvedConfig,
  resolveBrokerConfig,
  resolveGroupConfig,
  resolveTopicConfig,
} from '../configs/resolve.ts'
import { configsOf, type MetadataImage } from './image.ts'

/** The node that decides or answers, with what its properties file says. */
export interface NodeFacts {
  readonly nodeId: number
  readonly statics: ConfigLookup
}

/** The layers of broker settings as `node` has them. */
export function brokerLayers(image: MetadataImage, node: NodeFacts): BrokerConfigLayers {
  return {
    dynamic: configsOf(image, { type: configResourceType.broker, name: String(node.nodeId) }),
    dynamicDefault: configsOf(image, { type: configResourceType.broker, name: '' }),
    static: node.statics,
  }
}

/** A broker setting that Kafka defines. */
export function brokerConfig(image: MetadataImage, node: NodeFacts, name: string): ResolvedConfig {
  const definition = brokerDefinition(name)
  if (definition === undefined) throw new Error(`no broker setting ${name}`)
  return resolveBrokerConfig(definition, brokerLayers(image, node))
}

/** A topic's setting that Kafka defines; the topic need not exist. */
export function topicConfig(
  image: MetadataImage,
  node: NodeFacts,
  topic: string,
  name: string,
): ResolvedConfig {
  const definition = topicDefinitions.get(name)
  if (definition === undefined) throw new Error(`no topic setting ${name}`)
  const own = configsOf(image, { type: configResourceType.topic, name: topic })
  return resolveTopicConfig(definition, own, brokerLayers(image, node))
}

/** A group's setting that Kafka defines; the group need not exist. */
export function groupConfig(
  image: MetadataImage,
  node: NodeFacts,
  groupId: string,
  name: string,
): ResolvedConfig {
  const definition = groupDefinitions.get(name)
  if (definition === undefined) throw new Error(`no group setting ${name}`)
  const own = configsOf(image, { type: configResourceType.group, name: groupId })
  return resolveGroupConfig(definition, own, brokerLayers(image, node))
}
