/**
 * Who leads the partitions of a topic and who is in sync, as any node tells that answers soon.
 */
import { metadata } from '../../src/protocol/messages/metadata.ts'
import type { BrokerCluster } from '../cluster/broker-cluster.ts'
import { RawConnection } from '../cluster/raw-connection.ts'
import { within } from './script.ts'

const ASK_MS = 400

export interface PartitionView {
  readonly leader: number
  readonly inSync: readonly number[]
}

export type TopicView = ReadonlyMap<number, PartitionView>

/** What one node says, by partition; null when it does not answer soon, or does not know the topic. */
export async function leadersBy(
  cluster: BrokerCluster,
  topic: string,
  node: number,
): Promise<TopicView | null> {
  let connection: RawConnection | null = null
  try {
    connection = await within(RawConnection.open(cluster.portOf(node), cluster.hostOf(node)), ASK_MS)
    const answer = await within(connection.request(metadata, 9, { topics: [{ name: topic }] }), ASK_MS)
    const partitions = answer.topics[0]?.partitions ?? []
    if (partitions.length === 0) return null
    return new Map(
      partitions.map((one) => [one.partitionIndex, { leader: one.leaderId, inSync: one.isrNodes }]),
    )
  } catch {
    return null
  } finally {
    connection?.close()
  }
}

/** What any node says; null when nobody knows. `except` is not asked. */
export async function leadersOf(
  cluster: BrokerCluster,
  topic: string,
  except = 0,
): Promise<TopicView | null> {
  for (const node of cluster.runningNodes) {
    const view = node === except ? null : await leadersBy(cluster, topic, node)
    if (view !== null) return view
  }
  return null
}
