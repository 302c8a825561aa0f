import fc from 'fast-check'
import { expect, it } from 'vitest'
import { TimerHeap } from '../../src/runtime/timer-heap.ts'

it('runs what is due in order of time, and of one moment in order of asking, but nothing cancelled', () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('add'), value: fc.nat(20) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('cancel'), value: fc.nat(200) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('run'), value: fc.nat(25) }) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const heap = new TimerHeap()
      const ran: number[] = []
      const expected: number[] = []
      const timers: { cancel(): void }[] = []
      let pending: { id: number; dueMs: number }[] = []
      for (const { kind, value } of steps) {
        if (kind === 'add') {
          const id = timers.length
          timers.push(heap.add(value, () => ran.push(id)))
          pending.push({ id, dueMs: value })
        } else if (kind === 'cancel') {
          timers[value]?.cancel()
          pending = pending.filter(({ id }) => id !== value)
        } else {
          while (heap.runOne(value)) {}
          const due = pending.filter(({ dueMs }) => dueMs <= value)
          due.sort((one, other) => one.dueMs - other.dueMs || one.id - other.id)
          expected.push(...due.map(({ id }) => id))
          pending = pending.filter(({ dueMs }) => dueMs > value)
        }
        expect(heap.size).toBe(pending.length)
        expect(heap.earliestMs).toBe(Math.min(Number.POSITIVE_INFINITY, ...pending.map(({ dueMs }) => dueMs)))
      }
      expect(ran).toEqual(expected)
    }),
    { seed: 1, numRuns: 300 },
  )
})

it('lets a call cancel others and add more while it runs', () => {
  const heap = new TimerHeap()
  const ran: string[] = []
  heap.add(1, () => {
    ran.push('first')
    second.cancel()
    heap.add(2, () => ran.push('added'))
    first.cancel()
  })
  const first = heap.add(1, () => ran.push('of the same moment'))
  const second = heap.add(2, () => ran.push('cancelled'))
  while (heap.runOne(2)) {}
  expect(ran).toEqual(['first', 'added'])
})

it('tells when the last call was cancelled, not when it ran', () => {
  let emptied = 0
  const heap = new TimerHeap(() => emptied++)
  heap.add(1, () => {})
  heap.runOne(1)
  expect(emptied).toBe(0)
  const call = heap.add(1, () => {})
  call.cancel()
  call.cancel()
  expect(emptied).toBe(1)
})
