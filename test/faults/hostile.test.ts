/** A short attack of every kind; `hostile.ts` alone runs the long one and holds the broker to three times. */
import { expect, it } from 'vitest'
import { runHostile } from './hostile.ts'
import { KINDS } from './hostile-load.ts'

// A tenth of the connections, and other tests run beside this one: its clock proves only that nobody starves.
const P99_FACTOR_MAX = 30

it('serves a normal client through floods, idlers, deaf readers and huge declarations', async () => {
  const report = await runHostile({ seconds: 1.5, scale: 0.1, p99FactorMax: P99_FACTOR_MAX })
  expect(report.violations).toEqual([])
  expect(report.phases.map(({ kind }) => kind)).toEqual(['quiet', ...KINDS])
  for (const phase of report.phases) expect(phase.rounds, phase.kind).toBeGreaterThan(10)
})
