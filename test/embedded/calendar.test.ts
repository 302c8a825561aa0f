/** The clocks of a life: what a leap brings forward and in which order, and that a life that is over is silent. */
import { expect, it } from 'vitest'
import { Calendar } from '../../src/embedded/calendar.ts'
import { durationMs } from '../../src/embedded/duration.ts'
import { EventQueue } from '../../src/simulation/event-queue.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { VirtualClock } from '../../src/simulation/virtual-clock.ts'

function world() {
  const queue = new EventQueue(new SeededRandom(1), async () => {})
  const machine = new VirtualClock(queue, queue.source('machine'))
  const calendar = new Calendar(machine, () => queue.settle())
  const pass = async (ms: number): Promise<void> => {
    const untilMs = queue.nowMs + ms
    while ((await queue.step(untilMs)) !== null) {}
  }
  return { machine, calendar, pass, leap: (ms: number) => calendar.leap(ms) }
}

it('leaps from one thing that is due to the next, over all lives', async () => {
  const { calendar, machine, leap } = world()
  const [one, other] = [calendar.clocksOver(machine).calendar, calendar.clocksOver(machine).calendar]
  const told: string[] = []
  const beganMs = one.wallMs()
  const every = (clock: typeof one, name: string, ms: number): void => {
    clock.schedule(ms, () => {
      told.push(`${name}${clock.wallMs() - beganMs}`)
      every(clock, name, ms)
    })
  }
  every(one, 'a', 300)
  every(other, 'b', 500)
  await leap(1_000)
  expect(told).toEqual(['a300', 'b500', 'a600', 'a900', 'b1000'])
  expect(calendar.aheadMs).toBe(1_000)
})

it('moves no clock by which nodes judge each other', async () => {
  const { calendar, machine, leap, pass } = world()
  const { clock, calendar: old } = calendar.clocksOver(machine)
  const told: string[] = []
  clock.schedule(2_000, () => told.push('session'))
  old.schedule(2_000, () => told.push('retention'))
  const wallMs = clock.wallMs()
  await leap(60_000)
  expect(told).toEqual(['retention'])
  expect(clock.monotonicMs()).toBe(0)
  expect([clock.wallMs(), old.wallMs()]).toEqual([wallMs + 60_000, wallMs + 60_000])
  await pass(1_999)
  expect(told).toEqual(['retention'])
  await pass(1)
  expect(told).toEqual(['retention', 'session'])
})

it('passes time for everybody, each thing in its turn', async () => {
  const { calendar, machine } = world()
  const [one, other] = [calendar.clocksOver(machine), calendar.clocksOver(machine)]
  const told: string[] = []
  one.clock.schedule(300, () => told.push('heartbeat'))
  other.clock.schedule(400, () => told.push('session'))
  other.calendar.schedule(350, () => told.push('retention'))
  one.clock.schedule(501, () => told.push('later'))
  await calendar.pass(500)
  expect(told).toEqual(['heartbeat', 'retention', 'session'])
  expect(other.clock.monotonicMs()).toBe(500)
  expect(other.calendar.monotonicMs()).toBe(500)
})

it('keeps time like any clock when nothing is leapt over', async () => {
  const { calendar, machine, pass } = world()
  const { calendar: clock } = calendar.clocksOver(machine)
  const told: number[] = []
  const late = clock.schedule(50, () => told.push(50))
  clock.schedule(30, () => told.push(30))
  clock.schedule(70, () => told.push(70))
  late.cancel()
  await pass(100)
  expect(told).toEqual([30, 70])
})

it('says nothing to a life that is over', async () => {
  const { calendar, machine, leap, pass } = world()
  const life = calendar.clocksOver(machine)
  const told: string[] = []
  life.clock.schedule(10, () => told.push('clock'))
  life.calendar.schedule(10, () => told.push('calendar'))
  life.clock.endOfTurn(() => told.push('turn'))
  life.end()
  life.clock.schedule(0, () => told.push('late'))
  await leap(100)
  await pass(100)
  expect(told).toEqual([])
})

it.each([
  ['250ms', 250],
  ['1.5s', 1_500],
  ['15m', 900_000],
  ['36h', 129_600_000],
  ['7d', 604_800_000],
  [42, 42],
] as const)('reads %s', (text, ms) => {
  expect(durationMs(text)).toBe(ms)
})

it.each(['7', 'd', '1w', '-1s', '1 s', -5, Number.NaN])('refuses %s', (text) => {
  expect(() => durationMs(text as '7d')).toThrow('is no duration')
})
