/**
 * Our own word in a follower's fetch: which of all its fetches this is, counted over the life of its process.
 *
 * A fetch that the network has kept may come after younger ones that took another connection, and what it tells of the
 * follower is over. In Kafka such a one would set the follower back until it speaks again; in a session it names a
 * partition only when something has changed, so that a quiet partition would never have it in sync again. Told in a tagged
 * field of the request; without it, 0, every fetch is believed.
 */
import type { UnknownTaggedField } from '../../protocol/schema/field.ts'
import { tellInt64, toldInt64 } from './own-int64.ts'

export function tellOrder(order: number): readonly UnknownTaggedField[] {
  return tellInt64(order)
}

/** What a request's tagged fields say; 0 when they say nothing. */
export function orderOf(fields: readonly UnknownTaggedField[] | undefined): number {
  return Number(toldInt64(fields) ?? 0n)
}
