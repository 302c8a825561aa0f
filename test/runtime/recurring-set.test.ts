import fc from 'fast-check'
import { expect, it } from 'vitest'
import { RecurringSet } from '../../src/runtime/recurring-set.ts'

const members = Array.from({ length: 50 }, (_, index) => ({ index }))
type Member = (typeof members)[number]

it('holds the same, in the same order, as a set', () => {
  const step = fc.record({
    kind: fc.constantFrom('add', 'add', 'add', 'delete', 'delete', 'forget', 'clear'),
    index: fc.nat(members.length - 1),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const model = new Set<Member>()
      const set = new RecurringSet<Member>()
      for (const { kind, index } of steps) {
        const member = members[index] as Member
        if (kind === 'add') {
          model.add(member)
          set.add(member)
        } else if (kind === 'clear' && index % 5 === 0) {
          model.clear()
          set.clear()
        } else if (kind === 'delete') expect(set.delete(member)).toBe(model.delete(member))
        else if (kind === 'forget') {
          model.delete(member)
          set.forget(member)
        }
        expect(set.has(member)).toBe(model.has(member))
        expect(set.size).toBe(model.size)
      }
      expect([...set]).toEqual([...model])
    }),
    { seed: 1, numRuns: 300 },
  )
})

it('keeps its order over very many comings and goings of few', () => {
  const set = new RecurringSet<Member>()
  for (const member of members.slice(0, 3)) set.add(member)
  for (let round = 0; round < 10_000; round++) {
    const member = members[round % 3] as Member
    expect(set.delete(member)).toBe(true)
    set.add(member)
  }
  expect(Array.from(set, ({ index }) => index)).toEqual([1, 2, 0])
})
