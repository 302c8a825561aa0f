import { describe, expect, it } from 'vitest'
import { ParkedAcks } from '../../../src/broker/partitions/parked-acks.ts'

function parked(ends: readonly number[]): { acks: ParkedAcks; settled: [number, number][] } {
  const acks = new ParkedAcks()
  const settled: [number, number][] = []
  for (const endOffset of ends) acks.park({ endOffset, settle: (code) => settled.push([endOffset, code]) })
  return { acks, settled }
}

describe('ParkedAcks', () => {
  it('settles in the order of offsets, as far as the mark has come', () => {
    const { acks, settled } = parked([1, 3, 5, 9])
    acks.reached(5)
    expect(settled).toEqual([
      [1, 0],
      [3, 0],
      [5, 0],
    ])
    acks.reached(8)
    expect(acks.size).toBe(1)
  })

  it('trap 15: a retried batch waits for its own old offset, not for what came after it', () => {
    const { acks, settled } = parked([10, 20, 4])
    acks.reached(4)
    expect(settled).toEqual([[4, 0]])
  })

  it('fails what was taken back and keeps what stands', () => {
    const { acks, settled } = parked([5, 8, 12])
    acks.failFrom(8, 56)
    expect(settled).toEqual([[12, 56]])
    acks.reached(100)
    expect(settled).toEqual([
      [12, 56],
      [5, 0],
      [8, 0],
    ])
  })

  it('trap 11: fails everything when the epoch is over', () => {
    const { acks, settled } = parked([1, 2])
    acks.failFrom(-1, 6)
    expect(settled).toEqual([
      [1, 6],
      [2, 6],
    ])
    expect(acks.size).toBe(0)
  })

  it('stays small while thousands pass through', () => {
    const acks = new ParkedAcks()
    let settled = 0
    for (let offset = 1; offset <= 10_000; offset++) {
      acks.park({ endOffset: offset, settle: () => settled++ })
      if (offset % 7 === 0) acks.reached(offset - 3)
    }
    acks.reached(10_000)
    expect(settled).toBe(10_000)
    expect(acks.size).toBe(0)
  })
})
