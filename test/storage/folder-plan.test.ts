import { describe, expect, it } from 'vitest'
import { completeSwaps, planFolder } from '../../src/storage/folder-plan.ts'
import { checkFrom, judgeFault } from '../../src/storage/recovery.ts'
import { parseSegmentFileName, segmentFileName } from '../../src/storage/segment-names.ts'

function files(...names: string[]) {
  return names.map((name) => ({ name, sizeBytes: 1, modifiedMs: 0 }))
}

function at(offset: number, role: 'log' | 'index' | 'timeindex' | 'snapshot', stage = ''): string {
  return segmentFileName(offset, role) + stage
}

describe('what a restart does with the files of a folder', () => {
  it('names of segment files', () => {
    expect(at(42, 'log')).toBe('00000000000000000042.log')
    expect(parseSegmentFileName('00000000000000000042.txnindex.swap')).toEqual({
      offset: 42,
      role: 'txnindex',
      stage: 'swap',
    })
    for (const name of [
      '42.log',
      '00000000000000000042.tmp',
      '00000000000000000042-0000000001.checkpoint',
      'x',
    ]) {
      expect(parseSegmentFileName(name)).toBeNull()
    }
  })

  it('removes what was being deleted or cleaned, and drafts', () => {
    const listing = files(
      at(0, 'log'),
      at(0, 'index'),
      at(0, 'log', '.cleaned'),
      at(0, 'index', '.cleaned'),
      at(5, 'log', '.deleted'),
      'leader-epoch-checkpoint.tmp',
    )
    expect(completeSwaps(listing)).toEqual([])
    expect(planFolder(listing, []).steps).toEqual([
      { kind: 'remove', name: at(0, 'log', '.cleaned') },
      { kind: 'remove', name: at(0, 'index', '.cleaned') },
      { kind: 'remove', name: at(5, 'log', '.deleted') },
      { kind: 'remove', name: 'leader-epoch-checkpoint.tmp' },
    ])
  })

  it('drops a swap whose log file was not renamed yet', () => {
    const listing = files(at(0, 'log'), at(0, 'index', '.swap'), at(0, 'log', '.cleaned'))
    expect(completeSwaps(listing)).toEqual([])
    expect(planFolder(listing, []).steps).toEqual([
      { kind: 'remove', name: at(0, 'index', '.swap') },
      { kind: 'remove', name: at(0, 'log', '.cleaned') },
    ])
  })

  it('completes a swap: the segments it covers go first, snapshots stay', () => {
    const listing = files(
      at(0, 'log'),
      at(0, 'index'),
      at(10, 'log'),
      at(10, 'snapshot'),
      at(20, 'log'),
      at(0, 'index', '.swap'),
      at(0, 'log', '.swap'),
    )
    expect(completeSwaps(listing)).toEqual([0])
    expect(planFolder(listing, [{ baseOffset: 0, nextOffset: 20 }]).steps).toEqual([
      { kind: 'remove', name: at(0, 'index') },
      { kind: 'remove', name: at(0, 'log') },
      { kind: 'remove', name: at(10, 'log') },
      { kind: 'rename', from: at(0, 'index', '.swap'), to: at(0, 'index') },
      { kind: 'rename', from: at(0, 'log', '.swap'), to: at(0, 'log') },
    ])
  })

  it('keeps the new indexes of a swap that a crash stopped before its log file was renamed', () => {
    const listing = files(at(0, 'index'), at(0, 'log', '.swap'), at(20, 'log'))
    expect(planFolder(listing, [{ baseOffset: 0, nextOffset: 20 }]).steps).toEqual([
      { kind: 'rename', from: at(0, 'log', '.swap'), to: at(0, 'log') },
    ])
  })

  it('removes indexes without a log', () => {
    expect(planFolder(files(at(0, 'log'), at(7, 'timeindex')), []).steps).toEqual([
      { kind: 'remove', name: at(7, 'timeindex') },
    ])
  })
})

describe('what a bad batch means', () => {
  it('trap 2: only what no sync covered may be cut', () => {
    const unclean = { wasClean: false, recoveryPoint: 100 }
    const fault = (offset: number, isLastSegment = true) => ({ offset, reason: '', isLastSegment })
    expect(judgeFault(unclean, fault(100)).kind).toBe('cut')
    expect(judgeFault(unclean, fault(99)).kind).toBe('damage')
    expect(judgeFault({ wasClean: true, recoveryPoint: 100 }, fault(100)).kind).toBe('damage')
    expect(checkFrom(unclean, 0)).toBe(100)
    expect(checkFrom(unclean, 150)).toBe(150)
    expect(checkFrom({ wasClean: true, recoveryPoint: null }, 0)).toBeNull()
  })

  it('trap 5: without a recovery point all is checked, and only the last segment may be cut', () => {
    const unknown = { wasClean: false, recoveryPoint: null }
    expect(checkFrom(unknown, 40)).toBe(40)
    expect(judgeFault(unknown, { offset: 50, reason: '', isLastSegment: true }).kind).toBe('cut')
    expect(judgeFault(unknown, { offset: 50, reason: '', isLastSegment: false }).kind).toBe('damage')
  })
})
