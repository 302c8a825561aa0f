import { expect, it } from 'vitest'
import { sizeOf } from '../../src/simulation/cluster-size.ts'
import { FaultAtlas } from '../../src/simulation/nemesis/fault-atlas.ts'

it('ruins no more replicas of a partition than it may, again and again the same', () => {
  const atlas = new FaultAtlas({ ruinsMax: 1, wipesMax: 1 })
  expect(atlas.ruins(1, 'a-0')).toBe(true)
  expect(atlas.ruins(2, 'a-0')).toBe(false)
  expect(atlas.ruins(1, 'a-0')).toBe(true)
  expect(atlas.ruins(2, 'a-1')).toBe(true)
})

it('wipes nobody who has the last good copy of anything, and lets nothing rot beside who was wiped', () => {
  const atlas = new FaultAtlas({ ruinsMax: 1, wipesMax: 1 })
  expect(atlas.ruins(1, 'a-0')).toBe(true)
  expect(atlas.wipes(2)).toBe(false)
  expect(atlas.wipes(1)).toBe(true)
  expect(atlas.wipes(2)).toBe(false)
  expect(atlas.ruins(3, 'a-7')).toBe(false)
  expect(atlas.ruins(1, 'a-7')).toBe(true)
})

it('may have a larger budget', () => {
  const atlas = new FaultAtlas({ ruinsMax: 2, wipesMax: 2 })
  expect([atlas.ruins(1, 'a-0'), atlas.wipes(2), atlas.ruins(3, 'a-0')]).toEqual([true, true, false])
  expect(atlas.ruins(3, 'a-1')).toBe(true)
})

it.each([
  [1, [false, false, false]],
  [2, [false, false, false]],
  [3, [true, false, true]],
  [5, [true, false, true]],
])('spends what a cluster of %i nodes has beyond what a write waits for', (nodes, [first, other, again]) => {
  const rotten = new FaultAtlas(sizeOf(nodes))
  expect([1, 2, 1].map((node) => rotten.ruins(node, 'a-0'))).toEqual([first, other, again])
  const wiped = new FaultAtlas(sizeOf(nodes))
  expect([1, 2, 1].map((node) => wiped.wipes(node))).toEqual([first, other, again])
})
