import { describe, expect, it } from 'vitest'
import { LeaderEpochs } from '../../src/storage/leader-epochs.ts'

function epochs(...entries: Array<[epoch: number, startOffset: number]>): LeaderEpochs {
  return new LeaderEpochs(entries.map(([epoch, startOffset]) => ({ epoch, startOffset })))
}

function pairs(list: LeaderEpochs): number[][] {
  return list.entries.map((entry) => [entry.epoch, entry.startOffset])
}

describe('the epochs of a log', () => {
  it('tell where an epoch ends: at the next one, or at the log end for the latest', () => {
    const list = epochs([2, 10], [4, 20], [7, 35])
    expect(list.endOffsetFor(7, 50)).toEqual({ leaderEpoch: 7, endOffset: 50 })
    expect(list.endOffsetFor(4, 50)).toEqual({ leaderEpoch: 4, endOffset: 35 })
    expect(list.endOffsetFor(6, 50)).toEqual({ leaderEpoch: 4, endOffset: 35 })
    expect(list.endOffsetFor(1, 50)).toEqual({ leaderEpoch: 1, endOffset: 10 })
    expect(list.endOffsetFor(8, 50)).toEqual({ leaderEpoch: -1, endOffset: -1 })
    expect(list.endOffsetFor(-1, 50)).toEqual({ leaderEpoch: -1, endOffset: -1 })
    expect(epochs().endOffsetFor(0, 50)).toEqual({ leaderEpoch: -1, endOffset: -1 })
  })

  it('know which epoch wrote an offset', () => {
    const list = epochs([2, 10], [4, 20])
    expect([9, 10, 19, 20, 99].map((offset) => list.epochOf(offset))).toEqual([-1, 2, 2, 4, 4])
  })

  it('drop what contradicts a new entry', () => {
    const list = epochs([2, 10], [4, 20], [7, 35])
    expect(list.assign(7, 40)).toBe(false)
    expect(list.assign(8, 35)).toBe(true)
    expect(pairs(list)).toEqual([
      [2, 10],
      [4, 20],
      [8, 35],
    ])
    expect(list.assign(5, 36)).toBe(true)
    expect(pairs(list)).toEqual([
      [2, 10],
      [4, 20],
      [5, 36],
    ])
    expect(list.isDirty).toBe(true)
  })

  it('trap 8: are cut with the log, also where no record goes (KAFKA-10706)', () => {
    const list = epochs([2, 10], [4, 20], [7, 35])
    list.truncateFromEnd(35)
    expect(pairs(list)).toEqual([
      [2, 10],
      [4, 20],
    ])
    list.truncateFromEnd(35)
    expect(pairs(list).length).toBe(2)
    list.truncateFromEnd(5)
    expect(pairs(list)).toEqual([])
  })

  it('say whether one began of which the file may not know', () => {
    const list = epochs([2, 10], [4, 20])
    list.truncateFromStart(12)
    expect([list.isDirty, list.hasUnsavedEpoch]).toEqual([true, false])
    list.assign(7, 35)
    expect(list.hasUnsavedEpoch).toBe(true)
    list.markSaved()
    expect([list.isDirty, list.hasUnsavedEpoch]).toEqual([false, false])
    list.markUnsaved()
    expect([list.isDirty, list.hasUnsavedEpoch]).toEqual([true, true])
    list.load([{ epoch: 2, startOffset: 10 }])
    expect([list.isDirty, list.hasUnsavedEpoch]).toEqual([false, false])
  })

  it('begin where the log begins', () => {
    const list = epochs([2, 10], [4, 20], [7, 35])
    list.truncateFromStart(15)
    expect(pairs(list)).toEqual([
      [2, 15],
      [4, 20],
      [7, 35],
    ])
    list.truncateFromStart(35)
    expect(pairs(list)).toEqual([[7, 35]])
    list.truncateFromStart(50)
    expect(pairs(list)).toEqual([[7, 50]])
  })
})
