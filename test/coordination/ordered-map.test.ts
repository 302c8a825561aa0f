/** The ordered map against the language's own Map, and its promise that old versions stay as they were. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OrderedMap } from '../../src/coordination/ordered-map.ts'

describe('OrderedMap', () => {
  it('holds what a Map holds, in order, whatever is put in and taken out', () => {
    const change = fc.record({ key: fc.integer({ min: 0, max: 120 }), add: fc.boolean() })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 600, size: 'max' }), (changes) => {
        let map = OrderedMap.empty<number, number>()
        const reference = new Map<number, number>()
        for (const [index, { key, add }] of changes.entries()) {
          if (add) {
            map = map.with(key, index)
            reference.set(key, index)
          } else {
            map = map.without(key)
            reference.delete(key)
          }
        }
        const expected = [...reference].sort(([a], [b]) => a - b)
        expect([...map]).toEqual(expected)
        expect(map.size).toBe(reference.size)
        for (let key = 0; key <= 120; key++) {
          expect(map.get(key)).toBe(reference.get(key))
          expect(map.has(key)).toBe(reference.has(key))
        }
        expect([...map.keys(60)]).toEqual(expected.map(([key]) => key).filter((key) => key >= 60))
      }),
      { numRuns: 60 },
    )
  })

  it('keeps every older version as it was', () => {
    const versions = [OrderedMap.empty<string, number>()]
    for (let n = 0; n < 300; n++) {
      const last = versions[n] ?? OrderedMap.empty<string, number>()
      versions.push(last.with(`topic-${(n * 7919) % 300}`, n))
    }
    expect(versions.map((version) => version.size)).toEqual([...Array(301).keys()])
    const middle = versions[150]
    expect([...(middle?.values() ?? [])].every((value) => value < 150)).toBe(true)
  })

  it('is the same map when nothing changes', () => {
    const map = OrderedMap.of([
      ['a', 1],
      ['b', 2],
    ])
    expect(map.with('a', 1)).toBe(map)
    expect(map.without('a').without('a').without('b').size).toBe(0)
    const numbers = OrderedMap.of([...Array(100).keys()].map((n) => [n * 2, n] as const))
    expect(numbers.without(3)).toBe(numbers)
    expect(map.with('a', 2)).not.toBe(map)
  })

  it('keeps an entry whose value is undefined', () => {
    const map = OrderedMap.empty<string, undefined>().with('a', undefined)
    expect([...map]).toEqual([['a', undefined]])
    expect(map.has('a')).toBe(true)
  })

  it('begins a walk at the first key that is not below the given one', () => {
    const map = OrderedMap.of([...Array(1000).keys()].map((n) => [n * 2, n] as const))
    expect([...map.keys(1995)]).toEqual([1996, 1998])
    expect([...map.keys(1996)]).toEqual([1996, 1998])
    expect([...map.keys(5000)]).toEqual([])
  })
})
