/**
 * All invariants that a history is held to, by name. Each tells in words what broke it, and nothing when it holds.
 */
import type { History } from '../history.ts'
import { committedOffsetsStay } from './committed-offsets-stay.ts'
import { noAckedLoss } from './no-acked-loss.ts'
import { noDuplicate } from './no-duplicate.ts'
import { noPhantom } from './no-phantom.ts'
import { offsetsContiguous } from './offsets-contiguous.ts'
import { offsetsNameOneRecord } from './offsets-name-one-record.ts'
import { producerOrder } from './producer-order.ts'
import { readsAreKept } from './reads-are-kept.ts'
import { readsInOrder } from './reads-in-order.ts'
import { replicasEqual } from './replicas-equal.ts'

export const invariants: Readonly<Record<string, (history: History) => string[]>> = {
  'no acknowledged record is lost': noAckedLoss,
  'nothing is there that nobody sent': noPhantom,
  'an offset names one record': offsetsNameOneRecord,
  'offsets are contiguous': offsetsContiguous,
  'records of a producer keep their order': producerOrder,
  'no record stands twice': noDuplicate,
  'readers see every offset once, in order': readsInOrder,
  'what was read stays': readsAreKept,
  'replicas are equal': replicasEqual,
  'committed offsets stay': committedOffsetsStay,
}
