import { expect, it } from 'vitest'
import { hostTurn } from '../../src/runtime/node/host-turn.ts'
import { EventQueue } from '../../src/simulation/event-queue.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { VirtualClock } from '../../src/simulation/virtual-clock.ts'

it('lets wall time stand still and jump while monotonic time and timers go on', async () => {
  const queue = new EventQueue(new SeededRandom(1), hostTurn)
  const errors = { skewMs: 0, rate: 0.95, frozenMs: null as number | null }
  const clock = new VirtualClock(queue, queue.source('a'), errors)
  const beganMs = clock.wallMs()
  errors.frozenMs = beganMs
  let firedMs = -1
  clock.schedule(950, () => {
    firedMs = queue.nowMs
  })
  while ((await queue.step(2_000)) !== null) {}
  expect(firedMs).toBeCloseTo(1_000)
  expect([clock.wallMs(), clock.monotonicMs()]).toEqual([beganMs, 1_900])
  errors.frozenMs = null
  expect(clock.wallMs()).toBe(beganMs + 2_000)
})
