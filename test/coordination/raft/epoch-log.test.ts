/** What Raft knows of a log, by tables; figure 7 of the Raft paper gives the logs. */
import { describe, expect, it } from 'vitest'
import { EpochLog } from '../../../src/coordination/raft/epoch-log.ts'
import type { EntrySpan } from '../../../src/coordination/raft/message.ts'

function spans(epochs: readonly number[], baseOffset = 0): EntrySpan[] {
  return epochs.map((epoch, index) => ({
    epoch,
    baseOffset: baseOffset + index,
    endOffset: baseOffset + index + 1,
  }))
}

function logOf(epochs: readonly number[]): EpochLog {
  return new EpochLog(0, null, spans(epochs))
}

const LEADER = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6]

describe('an epoch log', () => {
  it('that is empty ends at 0 in epoch 0', () => {
    expect(logOf([]).end).toEqual({ endOffset: 0, epoch: 0 })
    expect(logOf([]).pointAt(0)).toEqual({ endOffset: 0, epoch: 0 })
  })

  it.each([
    [0, 0],
    [1, 1],
    [3, 1],
    [4, 4],
    [5, 4],
    [7, 5],
    [10, 6],
  ])('knows the epoch before offset %i: %i', (endOffset, epoch) => {
    expect(logOf(LEADER).pointAt(endOffset)).toEqual({ endOffset, epoch })
    expect(logOf(LEADER).holds({ endOffset, epoch })).toBe(true)
    expect(logOf(LEADER).holds({ endOffset, epoch: epoch + 1 })).toBe(false)
  })

  it('knows no point beyond its end', () => {
    expect(logOf(LEADER).pointAt(11)).toBeNull()
    expect(logOf(LEADER).holds({ endOffset: 11, epoch: 6 })).toBe(false)
  })

  it.each([
    [0, 0, 0],
    [1, 3, 1],
    [3, 3, 1],
    [4, 5, 4],
    [5, 7, 5],
    [9, 10, 6],
  ])('the largest epoch not above %i ends at %i, and is %i', (epoch, endOffset, found) => {
    expect(logOf(LEADER).endOfEpoch(epoch)).toEqual({ endOffset, epoch: found })
  })

  it.each([
    ['(a)', [1, 1, 1, 4, 4, 5, 5, 6, 6], 9],
    ['(b)', [1, 1, 1, 4], 4],
    ['(e)', [1, 1, 1, 4, 4, 4, 4], 5],
    ['(f)', [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3], 3],
  ])('of figure 7 %s can agree up to one point', (_name, epochs, agreement) => {
    const end = logOf(epochs).endOfEpoch(6)
    if (end === null) expect.unreachable()
    expect(logOf(LEADER).lastAgreement(end)).toBe(agreement)
  })

  it('is not asked about the middle of an epoch that the other one lacks the end of', () => {
    // The other log has epoch 3 up to 2, where this one is in the middle of a batch of epoch 1, perhaps.
    expect(logOf([1, 1, 1, 1, 4]).lastAgreement({ endOffset: 2, epoch: 3 })).toBe(4)
    expect(logOf([1, 1, 1, 1, 4]).lastAgreement({ endOffset: 2, epoch: 1 })).toBe(2)
  })

  it.each([
    [[1, 1, 1, 4, 4], 5],
    [[1, 1, 1, 4, 5], 4],
    [[2], 0],
    [LEADER, 10],
    [[...LEADER, 7], 10],
    [[], 0],
  ])('agrees with entries %j up to %i', (epochs, agreed) => {
    expect(logOf(LEADER).agreedEnd(0, spans(epochs))).toBe(agreed)
  })

  it('keeps the epoch of what it dropped last', () => {
    const log = logOf(LEADER)
    log.dropBefore(5)
    expect(log.startOffset).toBe(5)
    expect(log.pointAt(5)).toEqual({ endOffset: 5, epoch: 4 })
    expect(log.pointAt(4)).toBeNull()
    expect(log.holds({ endOffset: 4, epoch: 99 })).toBe(true)
    expect(log.endOfEpoch(4)).toEqual({ endOffset: 5, epoch: 4 })
    expect(log.endOfEpoch(3)).toBeNull()
    expect(log.lastAgreement({ endOffset: 7, epoch: 3 })).toBe(-1)
    expect(log.agreedEnd(2, spans([1, 4, 4, 5, 9], 2))).toBe(6)
    log.dropBefore(3)
    expect(log.startOffset).toBe(5)
    log.dropBefore(10)
    expect(log.end).toEqual({ endOffset: 10, epoch: 6 })
  })

  it('does not know the epoch before its beginning unless it is told', () => {
    const log = new EpochLog(5, null, spans([4, 6], 5))
    expect(log.pointAt(5)).toBeNull()
    expect(log.holds({ endOffset: 5, epoch: 3 })).toBe(true)
    expect(log.endOfEpoch(3)).toBeNull()
    expect(log.end).toEqual({ endOffset: 7, epoch: 6 })
  })

  it('forgets what is cut, and grows again', () => {
    const log = logOf(LEADER)
    log.truncate(4)
    expect(log.end).toEqual({ endOffset: 4, epoch: 4 })
    log.append({ epoch: 8, baseOffset: 4, endOffset: 6 })
    log.append({ epoch: 8, baseOffset: 6, endOffset: 7 })
    expect(log.end).toEqual({ endOffset: 7, epoch: 8 })
    expect(log.endOfEpoch(7)).toEqual({ endOffset: 4, epoch: 4 })
    log.truncate(0)
    expect(log.end).toEqual({ endOffset: 0, epoch: 0 })
  })

  it('is nothing but a snapshot after one has replaced it', () => {
    const log = logOf([1, 1])
    log.reset({ endOffset: 9, epoch: 3 })
    expect(log.end).toEqual({ endOffset: 9, epoch: 3 })
    expect(log.holds({ endOffset: 9, epoch: 3 })).toBe(true)
    expect(log.holds({ endOffset: 9, epoch: 2 })).toBe(false)
  })

  it('refuses what a host cannot mean', () => {
    expect(() => logOf([1]).append({ epoch: 1, baseOffset: 2, endOffset: 3 })).toThrow('follow the end')
    expect(() => logOf([2]).append({ epoch: 1, baseOffset: 1, endOffset: 2 })).toThrow('never fall')
    expect(() => logOf([1]).append({ epoch: 1, baseOffset: 1, endOffset: 1 })).toThrow('follow the end')
    expect(() => logOf([1]).dropBefore(2)).toThrow('after its end')
    expect(() => new EpochLog(5, 1, []).truncate(4)).toThrow('never cut')
  })
})
