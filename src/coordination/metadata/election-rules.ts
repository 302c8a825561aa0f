/**
 * What elections go by in one image: who is active, what the topics' settings and the cluster's features allow.
 *
 * Read once for each decision; it elects nobody (`partition-change.ts` does).
 */
import { booleanValue, numberValue } from '../configs/typed-value.ts'
import { type NodeFacts, topicConfig } from './config-layers.ts'
import { keepsEligibleLeaders } from './eligible-leaders.ts'
import type { MetadataImage } from './image.ts'
import { directoryOn, isActive } from './new-partition.ts'
import type { ChangeFacts, Election } from './partition-change.ts'

/** Facts for changing partitions of one topic. */
export type TopicElection = Pick<
  ChangeFacts,
  'isActive' | 'insyncReplicasMin' | 'keepsEligible' | 'directoryOf'
> & {
  /** `unclean.leader.election.enable` */
  readonly allowsUnclean: boolean
}

/** The facts of a topic in `image`, as the node that decides sees its settings. */
export function topicElection(image: MetadataImage, node: NodeFacts, topic: string): TopicElection {
  return {
    isActive: (broker) => isActive(image.brokers.get(broker)),
    insyncReplicasMin: numberValue(topicConfig(image, node, topic, 'min.insync.replicas')),
    keepsEligible: keepsEligibleLeaders(image),
    directoryOf: (broker) => directoryOn(image.brokers.get(broker)),
    allowsUnclean: booleanValue(topicConfig(image, node, topic, 'unclean.leader.election.enable')),
  }
}

/** The election that happens without anybody asking for one. */
export function automaticElection(rules: TopicElection): Election {
  return rules.allowsUnclean ? 'unclean' : 'online'
}
