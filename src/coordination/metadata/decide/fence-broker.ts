/**
 * A broker that has been silent for its session time-out is fenced: it leads nothing and is not in sync.
 */
import type { NodeFacts } from '../config-layers.ts'
import type { MetadataDecision } from '../decision.ts'
import type { MetadataImage } from '../image.ts'
import { changeRecords } from './broker-heartbeat.ts'

/** What a host of the controller's timers asks: the broker, and the life of it that was silent. */
export interface FenceBroker {
  readonly brokerId: number
  readonly brokerEpoch: bigint
}

/** Replies whether the broker is fenced now; of another life than the silent one nothing is said. */
export function decideFenceBroker(
  image: MetadataImage,
  command: FenceBroker,
  node: NodeFacts,
): MetadataDecision<{ readonly isFenced: boolean }> {
  const broker = image.brokers.get(command.brokerId)
  if (broker === undefined || broker.epoch !== command.brokerEpoch) {
    return { records: [], reply: { isFenced: false } }
  }
  if (broker.fenced) return { records: [], reply: { isFenced: true } }
  return { records: changeRecords(image, node, broker, { fenced: 1 }), reply: { isFenced: true } }
}
