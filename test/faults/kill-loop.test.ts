/** A few rounds of the kill loop; `kill-loop.ts` alone runs two hundred. */
import { expect, it } from 'vitest'
import { runKillLoop } from './kill-loop.ts'

const ROUNDS = 4

it('keeps what it acknowledged through SIGKILL under load', async () => {
  const report = await runKillLoop({ rounds: ROUNDS, loadMs: [100, 400] })
  expect(report.violations).toEqual([])
  expect(report.rounds).toBe(ROUNDS)
  expect(report.acknowledged).toBeGreaterThan(0)
})
