/** The machine's timers keep the port's promises: never early, never after they were cancelled. */
import { expect, test } from 'vitest'
import { createNodeClock } from '../../../src/runtime/node/clock.ts'

test('no timer fires before its time, though those of Node may', async () => {
  const clock = createNodeClock({ keepsAlive: true })
  const early: number[] = []
  for (let round = 0; round < 40; round++) {
    await new Promise<void>((resolve) => {
      const delayMs = 3 + round / 40
      const beganMs = clock.monotonicMs()
      clock.schedule(delayMs, () => {
        const tookMs = clock.monotonicMs() - beganMs
        if (tookMs < delayMs) early.push(tookMs - delayMs)
        resolve()
      })
    })
  }
  expect(early).toEqual([])
})

test('a cancelled timer stays silent', async () => {
  const clock = createNodeClock({ keepsAlive: true })
  let fired = false
  clock.schedule(1, () => (fired = true)).cancel()
  await new Promise<void>((resolve) => clock.schedule(5, resolve))
  expect(fired).toBe(false)
})
