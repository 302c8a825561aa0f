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

/** By partition; null when nobody knows. `except` is not asked. */
export async function leadersOf(
  cluster: BrokerCluster,
  topic: string,
  except = 0,
): Promise<ReadonlyMap<number, PartitionView> | null> {
  for (const node of cluster.runningNodes) {
    if (node === except) continue
    let connection: RawConnection | null = null
    try {
      connection = await within(RawConnection.open(cluster.portOf(node), cluster.hostOf(node)), ASK_MS)
      const answer = await within(connection.request(metadata, 9, { topics: [{ name: topic }] }), ASK_MS)
      const partitions = answer.topics[0]?.partitions ?? []
      if (partitions.length === 0) continue
      return new Map(
        partitions.map((one) => [one.partitionIndex, { leader: one.leaderId, inSync: one.isrNodes }]),
      )
    } catch {
      // The next one may know.
    } finally {
      connection?.close()
    }
  }
  return null
}
