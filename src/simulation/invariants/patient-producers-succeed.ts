/**
 * Invariant 6, as producers see it: an idempotent producer that tries again gets no error that tells it to give up, for
 * whatever happened to its earlier attempts; and no error at all once the cluster has been well for long enough.
 */
import type { History } from '../history.ts'

/** So long after the last fault a producer has had all the time it needs. */
const WELL_MS = 30_000

export function patientProducersSucceed({ sends, healedMs }: History): string[] {
  return sends
    .filter(({ isPatient, error }) => isPatient && error !== null)
    .filter(({ error, endedMs }) => error?.isRetriable === false || endedMs > healedMs + WELL_MS)
    .map(({ writer, labels, error }) => `${writer} was refused ${labels[0]}: ${error?.code}`)
}
