import { expect, it } from 'vitest'
import { hostTurn } from '../../src/runtime/node/host-turn.ts'
import { EventQueue } from '../../src/simulation/event-queue.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { VirtualClock } from '../../src/simulation/virtual-clock.ts'

const queueOf = (seed = 1): EventQueue => new EventQueue(new SeededRandom(seed), hostTurn)

async function runAll(queue: EventQueue, untilMs = 1_000): Promise<void> {
  while ((await queue.step(untilMs)) !== null) {}
}

it('does what follows from an event before time passes: promises, then the end of the turn', async () => {
  const queue = queueOf()
  const source = queue.source('a')
  const told: string[] = []
  source.schedule(5, () => {
    source.endOfTurn(() => told.push(`end of turn at ${queue.nowMs}`))
    void Promise.resolve()
      .then(() => Promise.resolve())
      .then(() => told.push(`promise at ${queue.nowMs}`))
  })
  source.schedule(6, () => told.push(`next at ${queue.nowMs}`))
  await runAll(queue)
  expect(told).toEqual(['promise at 5', 'end of turn at 5', 'next at 6'])
  expect(queue.nowMs).toBe(1_000)
})

it('keeps the order of one source, and lets the seed choose among several', async () => {
  const orders = new Set<string>()
  for (let seed = 1; seed <= 40; seed++) {
    const queue = queueOf(seed)
    const [one, other] = [queue.source('one'), queue.source('other')]
    let order = ''
    for (const digit of ['1', '2']) one.schedule(1, () => (order += digit))
    for (const letter of ['a', 'b']) other.schedule(1, () => (order += letter))
    await runAll(queue)
    expect(order.replace(/[ab]/g, '')).toBe('12')
    expect(order.replace(/[12]/g, '')).toBe('ab')
    orders.add(order)
  }
  expect(orders.size).toBeGreaterThan(3)
})

it('lets nothing of a source happen while it is frozen, or once it is over', async () => {
  const queue = queueOf()
  const [frozen, over] = [queue.source('frozen'), queue.source('over')]
  const told: string[] = []
  frozen.schedule(1, () => told.push(`thawed at ${queue.nowMs}`))
  frozen.freeze(50)
  over.schedule(10, () => told.push('never'))
  over.endOfTurn(() => told.push('never'))
  over.end()
  await queue.settle()
  await runAll(queue)
  expect(told).toEqual(['thawed at 50'])
})

it('has clocks that are wrong as told, and timers that are never early by them', async () => {
  const queue = queueOf()
  const errors = { skewMs: 100, rate: 1.001, frozenMs: null }
  const clock = new VirtualClock(queue, queue.source('a'), errors)
  const wallMs = clock.wallMs()
  errors.skewMs = 600
  expect(clock.wallMs() - wallMs).toBe(500)
  for (let round = 1; round <= 200; round++) {
    const beganMs = clock.monotonicMs()
    const delayMs = round / 7
    let tookMs = -1
    clock.schedule(delayMs, () => (tookMs = clock.monotonicMs() - beganMs))
    await queue.step(10_000)
    expect(tookMs).toBeGreaterThanOrEqual(delayMs - 1e-9)
  }
})

it('draws the same from a stream whatever others draw', () => {
  const random = new SeededRandom(7)
  const drawn = random.stream('a').bytes(16)
  random.stream('b').bytes(100)
  expect(random.stream('a').bytes(16)).toEqual(drawn)
  expect(random.stream('b').bytes(16)).not.toEqual(drawn)
  const counts = [0, 0, 0, 0]
  const stream = random.stream('c')
  for (let draw = 0; draw < 4_000; draw++) counts[stream.below(4)] = (counts[stream.below(4)] ?? 0) + 1
  for (const count of counts) expect(count).toBeGreaterThan(700)
})
