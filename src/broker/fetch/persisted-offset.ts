/**
 * Our own word in a follower's fetch: how far its log is persisted, where it fetches on before its sync is done.
 *
 * In Kafka a follower that asks for an offset has everything before, and the high watermark counts it. Here only what
 * is persisted may be counted, and a follower that waited for every sync before it fetched on would copy nothing
 * meanwhile. So a fetch from a position beyond carries the persisted offset in a tagged field of its partition, of a
 * tag far from Kafka's. Without it, Kafka's meaning holds: everything before the fetch offset counts.
 */
import type { UnknownTaggedField } from '../../protocol/schema/field.ts'
import { tellInt64, toldInt64 } from './own-int64.ts'

/** The tagged fields of a partition that is fetched from `fetchOffset`; undefined when all before is persisted. */
export function tellPersisted(
  persistedOffset: number,
  fetchOffset: number,
): readonly UnknownTaggedField[] | undefined {
  return persistedOffset >= fetchOffset ? undefined : tellInt64(persistedOffset)
}

/** What a partition's tagged fields say; the fetch offset when they say nothing, and never more than it. */
export function persistedOffsetOf(
  fields: readonly UnknownTaggedField[] | undefined,
  fetchOffset: bigint,
): bigint {
  const told = toldInt64(fields)
  return told !== null && told < fetchOffset ? told : fetchOffset
}
