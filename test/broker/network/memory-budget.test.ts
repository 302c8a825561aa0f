import { describe, expect, it } from 'vitest'
import { MemoryBudget } from '../../../src/broker/network/memory-budget.ts'
import { limits } from '../../../src/runtime/limits.ts'

const MiB = 1024 * 1024
const GREEDY_BYTES = 55 * MiB

describe('MemoryBudget', () => {
  it('gives greedy users less and less, so that they never use it up', () => {
    const memory = new MemoryBudget(64 * MiB)
    const shares: number[] = []
    for (let user = 0; user < 40; user++) {
      const share = memory.share(GREEDY_BYTES)
      memory.take(share)
      shares.push(share)
    }
    expect(shares[0]).toBe((64 * MiB) / limits.memoryShareDivisor)
    expect(shares).toEqual([...shares].sort((a, b) => b - a))
    expect(memory.exhausted).toBe(false)
  })

  it('never refuses what little somebody needs, and never gives more than is wanted', () => {
    const memory = new MemoryBudget(MiB)
    memory.take(2 * MiB)
    expect(memory.exhausted).toBe(true)
    expect(memory.share(GREEDY_BYTES)).toBe(limits.memoryShareBytesMin)
    expect(memory.share(100)).toBe(100)
  })

  it('wakes those who wait when half of it is free, once', () => {
    const memory = new MemoryBudget(100)
    let woken = 0
    memory.take(101)
    memory.whenFree({ rebalance: () => woken++ })
    memory.give(50)
    expect([woken, memory.exhausted]).toEqual([0, true])
    memory.give(1)
    expect([woken, memory.exhausted]).toEqual([1, false])
    memory.give(50)
    expect(woken).toBe(1)
    expect(() => memory.give(1)).toThrow('more memory is given back')
  })
})
