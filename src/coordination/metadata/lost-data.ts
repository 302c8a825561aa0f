/**
 * What a broker may lack of what it had acknowledged, told by how its last life ended (KIP-966).
 *
 * Kafka acknowledges what the operating system has not yet written, so for it every stop that was not in order may have
 * cost the end of each log. Here a record counts only once it is on the disk of every replica that it was counted on: a
 * SIGKILL or a power cut costs nothing, and throwing such a replica out would leave a cluster that lost its power without
 * anybody to lead. Kafka's rule holds for topics whose flushing was relaxed, anywhere. A log directory that is gone, or a
 * broker that was forgotten meanwhile, has nothing that can be counted on, whatever the settings. The settings are
 * those of the moment of return; whoever relaxes or tightens them while a broker lies dead is taken at his word.
 */

import { configResourceType } from '../configs/definition.ts'
import { relaxesFlushing } from '../configs/relaxed-flushing.ts'
import { type BrokerConfigLayers, type ConfigLookup, emptyLayers } from '../configs/resolve.ts'
import { type BrokerImage, configsOf, type MetadataImage } from './image.ts'

/** `tail`: the newest records of a log may be missing; `everything`: its directory may be another one. */
export type Loss = 'none' | 'tail' | 'everything'

/** What a process says of the life before it. */
export interface Return {
  readonly brokerId: number
  readonly logDirs: readonly string[]
  /** Epoch of the life that ended in order; -1 where none did. */
  readonly previousBrokerEpoch: bigint
  /** Whether its properties file relaxes flushing, for all topics. */
  readonly relaxesFlushing: boolean
}

/** What the logs of a topic may lack on a broker that comes back; `before` is what was known of its last life. */
export function lossOnReturn(
  image: MetadataImage,
  before: BrokerImage | undefined,
  back: Return,
): (topic: string) => Loss {
  const hasItsDirectories = before?.directories.every((directory) => back.logDirs.includes(directory))
  if (before === undefined || hasItsDirectories !== true) return () => 'everything'
  if (back.previousBrokerEpoch === before.epoch) return () => 'none'
  if (back.relaxesFlushing) return () => 'tail'
  const layers: BrokerConfigLayers = {
    ...emptyLayers,
    dynamic: brokerConfigs(image, String(back.brokerId)),
    dynamicDefault: brokerConfigs(image, ''),
  }
  return (topic) => {
    const own = configsOf(image, { type: configResourceType.topic, name: topic })
    return relaxesFlushing(own, layers) ? 'tail' : 'none'
  }
}

function brokerConfigs(image: MetadataImage, name: string): ConfigLookup {
  return configsOf(image, { type: configResourceType.broker, name })
}
