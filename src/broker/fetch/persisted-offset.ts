/**
 * Our own word in a follower's fetch: how far its log is persisted, where it fetches on before its sync is done.
 *
 * In Kafka a follower that asks for an offset has everything before, and the high watermark counts it. Here only what
 * is persisted may be counted, and a follower that waited for every sync before it fetched on would copy nothing
 * meanwhile. So a fetch from a position beyond carries the persisted offset in a tagged field of its partition, of a
 * tag far from Kafka's. Without it, Kafka's meaning holds: everything before the fetch offset counts.
 */
import type { UnknownTaggedField } from '../../protocol/schema/field.ts'

const TAG = 10_001
const SIZE_BYTES = 8

/** The tagged fields of a partition that is fetched from `fetchOffset`; undefined when all before is persisted. */
export function tellPersisted(
  persistedOffset: number,
  fetchOffset: number,
): readonly UnknownTaggedField[] | undefined {
  if (persistedOffset >= fetchOffset) return undefined
  const data = Buffer.allocUnsafe(SIZE_BYTES)
  data.writeBigInt64BE(BigInt(persistedOffset), 0)
  return [{ tag: TAG, data }]
}

/** What a partition's tagged fields say; the fetch offset when they say nothing, and never more than it. */
export function persistedOffsetOf(
  fields: readonly UnknownTaggedField[] | undefined,
  fetchOffset: bigint,
): bigint {
  const field = fields?.find(({ tag, data }) => tag === TAG && data.length === SIZE_BYTES)
  if (field === undefined) return fetchOffset
  const told = field.data.readBigInt64BE(0)
  return told < fetchOffset ? told : fetchOffset
}
