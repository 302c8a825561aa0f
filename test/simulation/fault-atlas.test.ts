import { expect, it } from 'vitest'
import { FaultAtlas } from '../../src/simulation/nemesis/fault-atlas.ts'

it('ruins no more replicas of a partition than it may, again and again the same', () => {
  const atlas = new FaultAtlas(1)
  expect(atlas.ruins(1, 'a-0')).toBe(true)
  expect(atlas.ruins(2, 'a-0')).toBe(false)
  expect(atlas.ruins(1, 'a-0')).toBe(true)
  expect(atlas.ruins(2, 'a-1')).toBe(true)
})

it('wipes nobody who has the last good copy of anything, and lets nothing rot beside who was wiped', () => {
  const atlas = new FaultAtlas(1)
  expect(atlas.ruins(1, 'a-0')).toBe(true)
  expect(atlas.wipes(2)).toBe(false)
  expect(atlas.wipes(1)).toBe(true)
  expect(atlas.wipes(2)).toBe(false)
  expect(atlas.ruins(3, 'a-7')).toBe(false)
  expect(atlas.ruins(1, 'a-7')).toBe(true)
})

it('may have a larger budget', () => {
  const atlas = new FaultAtlas(2)
  expect([atlas.ruins(1, 'a-0'), atlas.wipes(2), atlas.ruins(3, 'a-0')]).toEqual([true, true, false])
  expect(atlas.ruins(3, 'a-1')).toBe(true)
})
