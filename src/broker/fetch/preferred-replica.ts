/**
 * The replica that a consumer of some rack is sent to, partition by partition; the leader alone sends anybody anywhere.
 *
 * Nobody is sent while no rack-aware selector is configured, or when the consumer tells no rack.
 */
import type { Partition } from '../partitions/partition.ts'
import type { BrokerServices } from '../services.ts'
import { nearestReplica, type ReadableReplica } from './nearest-replica.ts'

const RACK_AWARE = /(^|\.)RackAwareReplicaSelector$/
const HERE = -1

const stay = (): number => HERE

/** Whether consumers may be sent to followers at all. */
export function followersServe(settings: Pick<BrokerServices['settings'], 'text'>): boolean {
  const selector = settings.text('replica.selector.class')
  return selector !== null && RACK_AWARE.test(selector)
}

/** A function that names the replica for a partition and an offset; -1 for this one. */
export function preferredReplicaFor(
  broker: Pick<BrokerServices, 'partitions' | 'settings' | 'config'>,
  clientRack: string,
): (partition: Partition, fetchOffset: number) => number {
  if (clientRack === '' || !followersServe(broker.settings)) return stay
  return (partition, fetchOffset) => {
    const { leader } = partition
    if (leader === null || partition.assigned.replicas.length === 1) return HERE
    const { nodeId } = broker.config
    const replicas = readable(partition, nodeId, broker.partitions)
    const nearest = nearestReplica(clientRack, fetchOffset, nodeId, replicas)
    return nearest === nodeId ? HERE : nearest
  }
}

/** This replica, and the followers that live and have fetched. */
function readable(
  partition: Partition,
  nodeId: number,
  { image, brokerEpochs }: BrokerServices['partitions'],
): ReadableReplica[] {
  const found: ReadableReplica[] = []
  for (const id of partition.assigned.replicas) {
    const rack = image?.brokers.get(id)?.rack ?? null
    if (id === nodeId) {
      const { logEndOffset: endOffset, logStartOffset } = partition.log
      found.push({ id, rack, endOffset, logStartOffset })
      continue
    }
    const endOffset = partition.leader?.progressOf(id)?.endOffset ?? null
    if (endOffset === null || !brokerEpochs.has(id)) continue
    found.push({ id, rack, endOffset, logStartOffset: partition.logStartOf(id) })
  }
  return found
}
