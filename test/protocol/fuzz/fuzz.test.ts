/** A million broken inputs, the same ones each time. */
import { expect, test } from 'vitest'
import { fuzz } from './fuzz.ts'

test('no decoder throws, stalls or hoards on a million broken inputs', { timeout: 180_000 }, () => {
  const report = fuzz({ inputs: 1_000_000, seed: 20_260 })
  expect(report.accepted + report.refused).toBe(1_000_000)
  // Both must happen often, or the inputs are not what they should be.
  expect(report.accepted).toBeGreaterThan(100_000)
  expect(report.refused).toBeGreaterThan(100_000)
  expect(report.slowestMs).toBeLessThan(200)
})
