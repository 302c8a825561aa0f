/** Quorum arithmetic by tables, and against slow references. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { majorityOffset } from '../../../src/coordination/raft/quorum/majority-offset.ts'
import { majorityOf, tally } from '../../../src/coordination/raft/quorum/tally.ts'

describe('majority', () => {
  it.each([
    [0, 1],
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
    [6, 4],
    [7, 4],
  ])('of %i members is %i', (count, majority) => {
    expect(majorityOf(count)).toBe(majority)
  })

  it('meets every other one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 99 }), (count) => {
        expect(2 * majorityOf(count)).toBeGreaterThan(count)
        expect(2 * (majorityOf(count) - 1)).toBeLessThanOrEqual(count)
      }),
    )
  })

  it('meets every one of a set that has one member more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 99 }), (count) => {
        expect(majorityOf(count) + majorityOf(count + 1)).toBeGreaterThan(count + 1)
      }),
    )
  })
})

/** `y` yes, `n` no, `.` nothing yet. */
function answers(text: string): (boolean | null)[] {
  return [...text].map((letter) => (letter === '.' ? null : letter === 'y'))
}

describe('tally', () => {
  it.each([
    ['', 'lost'],
    ['.', 'open'],
    ['y', 'won'],
    ['n', 'lost'],
    ['y.', 'open'],
    ['yn', 'lost'],
    ['yy', 'won'],
    ['n.', 'lost'],
    ['y..', 'open'],
    ['yy.', 'won'],
    ['yn.', 'open'],
    ['nn.', 'lost'],
    ['ynn', 'lost'],
    ['yyn', 'won'],
    ['yy..', 'open'],
    ['yynn', 'lost'],
    ['yyy.', 'won'],
    ['nn..', 'lost'],
    ['yy...', 'open'],
    ['yyy..', 'won'],
    ['yynn.', 'open'],
    ['nnn..', 'lost'],
  ] as const)('of %s is %s', (text, outcome) => {
    expect(tally(answers(text))).toBe(outcome)
  })

  it('is settled for good once it is settled', () => {
    const answer = fc.constantFrom(true, false, null)
    fc.assert(
      fc.property(fc.array(answer, { minLength: 1, maxLength: 9 }), fc.boolean(), (given, late) => {
        const before = tally(given)
        const after = tally(given.map((one) => one ?? late))
        if (before !== 'open') expect(after).toBe(before)
        expect(after).not.toBe('open')
      }),
    )
  })
})

describe('majority offset', () => {
  it.each([
    [[], -1],
    [[7], 7],
    [[7, 3], 3],
    [[7, 7], 7],
    [[7, 3, 5], 5],
    [[7, -1, -1], -1],
    [[7, 7, -1], 7],
    [[9, 7, 3, 1], 3],
    [[9, 9, 9, -1], 9],
    [[9, 7, 5, 3, 1], 5],
    [[9, 9, -1, -1, -1], -1],
    [[0, 0, 0], 0],
  ])('of %j is %i', (offsets, expected) => {
    expect(majorityOffset(offsets)).toBe(expected)
  })

  it('is the largest that enough have', () => {
    const offsets = fc.array(fc.integer({ min: -1, max: 20 }), { minLength: 1, maxLength: 9 })
    fc.assert(
      fc.property(offsets, (given) => {
        const enough = (offset: number) =>
          given.filter((one) => one >= offset).length >= majorityOf(given.length)
        const found = majorityOffset(given)
        expect(enough(found)).toBe(true)
        expect(enough(found + 1)).toBe(false)
      }),
    )
  })
})
