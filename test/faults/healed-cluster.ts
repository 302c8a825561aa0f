/**
 * What every script that strikes at three brokers asks afterwards: is every replica back, and are they all equal.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { metadata } from '../../src/protocol/messages/metadata.ts'
import type { BrokerCluster } from '../cluster/broker-cluster.ts'
import { RawConnection } from '../cluster/raw-connection.ts'
import { until } from './script.ts'

const NODE_IDS = [1, 2, 3] as const
const NODES = NODE_IDS.length
const HEAL_MS_MAX = 90_000

interface TopicSeen {
  readonly name: string | null
  readonly topicId: string
  readonly partitions: readonly string[]
  readonly isWhole: boolean
}

/** What one node says of all topics; null when it does not answer. */
async function topicsOn(cluster: BrokerCluster, node: number): Promise<readonly TopicSeen[] | null> {
  let connection: RawConnection | null = null
  try {
    connection = await RawConnection.open(cluster.portOf(node), cluster.hostOf(node))
    const answer = await connection.request(metadata, 12, { topics: null })
    if (answer.brokers.length !== NODES) return null
    return answer.topics
      .map(({ name, topicId, partitions }) => ({
        name,
        topicId,
        partitions: partitions
          .map((one) => `${one.partitionIndex}: ${one.leaderId}/${one.leaderEpoch} [${one.isrNodes}]`)
          .sort(),
        isWhole: partitions.every(({ isrNodes, replicaNodes }) => isrNodes.length === replicaNodes.length),
      }))
      .sort((one, other) => (one.topicId < other.topicId ? -1 : 1))
  } catch {
    return null
  } finally {
    connection?.close()
  }
}

/** Waits until every replica of every partition is in sync, as every node sees it. */
export async function healed(cluster: BrokerCluster): Promise<void> {
  await until('every replica in sync', HEAL_MS_MAX, async () => {
    const views = await Promise.all(NODE_IDS.map((node) => topicsOn(cluster, node)))
    const isWhole = views.every(
      (topics) => topics !== null && topics.length > 0 && topics.every((topic) => topic.isWhole),
    )
    return isWhole ? true : null
  })
}

/**
 * Waits until every node tells the same of every topic, with every replica in sync. Only while nobody makes topics: a node
 * that the network had cut off serves the past until it has caught up.
 */
export async function agreed(cluster: BrokerCluster): Promise<void> {
  await until('every node tells the same', HEAL_MS_MAX, async () => {
    const views = await Promise.all(NODE_IDS.map((node) => topicsOn(cluster, node)))
    const [first = '', ...others] = views.map((topics) => JSON.stringify(topics))
    const isWhole = views[0]?.every((topic) => topic.isWhole) ?? false
    return isWhole && others.every((other) => other === first) ? true : null
  })
}

/** All segment bytes of one replica. */
function bytesOf(cluster: BrokerCluster, node: number, topic: string, partition: number): Buffer {
  const folder = join(cluster.dataDirectory(node), `${topic}-${partition}`)
  const segments = readdirSync(folder).filter((name) => name.endsWith('.log'))
  return Buffer.concat(segments.sort().map((name) => readFileSync(join(folder, name))))
}

/** The replicas of those topics' partitions, whose load has ended, byte by byte. */
export function compareReplicas(
  cluster: BrokerCluster,
  topics: ReadonlyMap<string, number>,
  violations: string[],
): void {
  for (const [topic, partitions] of topics)
    for (let partition = 0; partition < partitions; partition++) {
      const [first, ...others] = NODE_IDS.map((node) => bytesOf(cluster, node, topic, partition))
      for (const [index, other] of others.entries())
        if (first === undefined || !first.equals(other))
          violations.push(
            `replicas of ${topic}-${partition} differ: ${first?.length} bytes on node 1, ${other.length} on node ${index + 2}`,
          )
    }
}
