/**
 * Our own word in a leader's AlterPartition: followers whose logs end before what is committed.
 *
 * In Kafka a replica that leaves the in-sync set has all that was committed until then, and may be elected later (KIP-966).
 * Here a replica that lost its log is found out by its leader (`partition-leader.ts`), and must not be. So the request
 * names such replicas in a tagged field of their partition, of a tag far from Kafka's.
 */
import type { UnknownTaggedField } from '../../protocol/schema/field.ts'

const TAG = 10_001
const ID_BYTES = 4

/** The tagged fields of a partition; undefined when nobody lost anything. */
export function tellLosses(brokerIds: readonly number[]): readonly UnknownTaggedField[] | undefined {
  if (brokerIds.length === 0) return undefined
  const data = Buffer.alloc(brokerIds.length * ID_BYTES)
  for (const [index, id] of brokerIds.entries()) data.writeInt32BE(id, index * ID_BYTES)
  return [{ tag: TAG, data }]
}

/** The brokers that a partition's tagged fields name. */
export function toldLosses(fields: readonly UnknownTaggedField[] | undefined): readonly number[] {
  const data = fields?.find(({ tag }) => tag === TAG)?.data ?? Buffer.alloc(0)
  const ids: number[] = []
  for (let at = 0; at + ID_BYTES <= data.length; at += ID_BYTES) ids.push(data.readInt32BE(at))
  return ids
}
