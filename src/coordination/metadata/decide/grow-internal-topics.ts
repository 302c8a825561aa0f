/**
 * Internal topics get the replicas that the cluster can give them, also when it grew after they were made.
 *
 * A topic that a single node made for itself has one replica of each partition; with two more nodes it shall have three.
 * Replicas are only ever added, where few lie and on other racks first, and never while a partition moves.
 */

import { numberValue } from '../../configs/typed-value.ts'
import type { NodeFacts } from '../config-layers.ts'
import { brokerConfig } from '../config-layers.ts'
import type { MetadataDecision } from '../decision.ts'
import { automaticElection, topicElection } from '../election-rules.ts'
import { type MetadataImage, type TopicImage, topicByName } from '../image.ts'
import { isActive } from '../new-partition.ts'
import { changePartition } from '../partition-change.ts'
import { isCordoned } from '../placement.ts'
import type { MetadataRecord } from '../record.ts'
import { isMoving, moveTo } from '../replica-move.ts'

/** Internal topics and the setting that says how many replicas each shall have. */
const INTERNAL_TOPICS: readonly (readonly [string, string])[] = [
  ['__consumer_offsets', 'offsets.topic.replication.factor'],
  ['__transaction_state', 'transaction.state.log.replication.factor'],
  ['__share_group_state', 'share.coordinator.state.topic.replication.factor'],
]

/** Replies how many partitions get more replicas. */
export function decideGrowInternalTopics(
  image: MetadataImage,
  node: NodeFacts,
): MetadataDecision<{ readonly partitions: number }> {
  const records: MetadataRecord[] = []
  const added = new Map<number, number>()
  for (const [name, setting] of INTERNAL_TOPICS) {
    const topic = topicByName(image, name)
    if (topic !== undefined)
      grow(image, node, topic, numberValue(brokerConfig(image, node, setting)), added, records)
  }
  return { records, reply: { partitions: records.length } }
}

function grow(
  image: MetadataImage,
  node: NodeFacts,
  topic: TopicImage,
  wanted: number,
  added: Map<number, number>,
  records: MetadataRecord[],
): void {
  const rules = topicElection(image, node, topic.name)
  const facts = { ...rules, election: automaticElection(rules) }
  for (const [index, partition] of topic.partitions) {
    if (isMoving(partition) || partition.replicas.length >= wanted) continue
    const replicas = [...partition.replicas]
    while (replicas.length < wanted) {
      const next = bestBroker(image, replicas, added)
      if (next === undefined) break
      replicas.push(next)
      added.set(next, (added.get(next) ?? 0) + 1)
    }
    if (replicas.length === partition.replicas.length) continue
    const record = changePartition(topic.id, index, partition, moveTo(partition, replicas), facts)
    if (record !== null) records.push(record)
  }
}

/** The active broker without this partition that is on a rack of its own, else the one that holds fewest replicas. */
function bestBroker(
  image: MetadataImage,
  replicas: readonly number[],
  added: ReadonlyMap<number, number>,
): number | undefined {
  const racks = new Set(replicas.map((id) => image.brokers.get(id)?.rack ?? null))
  let best: { readonly id: number; readonly newRack: boolean; readonly held: number } | undefined
  for (const broker of image.brokers.values()) {
    if (!isActive(broker) || isCordoned(broker) || replicas.includes(broker.id)) continue
    const newRack = broker.rack !== null && !racks.has(broker.rack)
    const held = (image.loads.get(broker.id)?.replicas ?? 0) + (added.get(broker.id) ?? 0)
    const isBetter = best === undefined || (newRack !== best.newRack ? newRack : held < best.held)
    if (isBetter) best = { id: broker.id, newRack, held }
  }
  return best?.id
}
