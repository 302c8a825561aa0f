/** A short run of the chaos script, so that it stays able to run and to find nothing. */
import { expect, test } from 'vitest'
import { runChaos } from './chaos.ts'

test('three brokers under kills, freezes, stops and a wiped disk lose nothing', async () => {
  const report = await runChaos({ minutes: 2, rounds: 2, seed: 4 }, (line) => console.log(line))
  expect(report.violations).toEqual([])
}, 240_000)
