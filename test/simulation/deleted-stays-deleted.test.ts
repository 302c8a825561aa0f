/** Whom a confirmed cut of records binds: all brokers for which the leader waited, in the lives in which it did. */
import { describe, expect, it } from 'vitest'
import type { History } from '../../src/simulation/history.ts'
import { deletedStaysDeleted } from '../../src/simulation/invariants/deleted-stays-deleted.ts'
import { changed, cutAt, firstImage, logOf, read, whole } from './whole-history.ts'

const BEGINS_AT_ZERO = ['t-0, of which all below 1 was deleted, began at 0 at 202 ms']

/** Node 1 cut off the first record, and somebody tells afterwards that it is there. */
function toldOfAgain(): History {
  const history = whole()
  history.cuts.push(cutAt(100))
  history.startReads.push({ topic: 't', partition: 0, startOffset: 0, invokedMs: 201, endedMs: 202 })
  history.finalLogs.splice(0, 1, { ...logOf(['w:0', 'w:1', 'w:2']), startOffset: 1 })
  return history
}

/** Node 3 is fenced in the metadata at one moment, or active again. */
function fence(history: History, seenMs: number, fenced: 1 | -1) {
  const last = history.metadataStates.at(-1)
  const image = changed(last?.image ?? firstImage, {
    type: 'BrokerRegistrationChangeRecord',
    value: {
      brokerId: 3,
      brokerEpoch: 3n,
      fenced,
      inControlledShutdown: 0,
      logDirs: [],
      cordonedLogDirs: null,
    },
  })
  const endOffset = (last?.endOffset ?? 0) + 1
  history.metadataStates = [...history.metadataStates, { endOffset, epoch: 1, seenMs, image }]
  return image
}

describe('what is deleted stays deleted', () => {
  it('tells of what is told of, read, or there at the end', () => {
    const history = toldOfAgain()
    expect(deletedStaysDeleted(history)).toEqual(BEGINS_AT_ZERO)
    history.startReads.splice(0)
    expect(deletedStaysDeleted(history)).toEqual([])
    history.reads.push({ ...read(0, 'w:0', 's'), atMs: 6_000 })
    expect(deletedStaysDeleted(history)).toHaveLength(1)
    history.finalLogs.splice(0, 1, logOf(['w:0', 'w:1', 'w:2']))
    expect(deletedStaysDeleted(history)).toHaveLength(2)
  })

  it('asks nothing once a broker has begun another life', () => {
    const history = whole()
    history.cuts.push(cutAt(0))
    expect(deletedStaysDeleted(history)).toEqual([])
  })

  it('binds nobody where the leader took one for fenced, though others had written that this was over', () => {
    const history = toldOfAgain()
    const { brokers } = fence(history, 50, 1)
    fence(history, 60, -1)
    history.brokersKnown.push({ node: 2, atMs: 55, brokers })
    expect(deletedStaysDeleted(history)).toEqual(BEGINS_AT_ZERO)
    history.brokersKnown.push({ node: 1, atMs: 55, brokers })
    expect(deletedStaysDeleted(history)).toEqual([])
  })

  it('binds all again when the leader had heard before it was asked that nobody is fenced', () => {
    const history = toldOfAgain()
    history.brokersKnown.push({ node: 1, atMs: 55, brokers: fence(history, 50, 1).brokers })
    const { brokers } = fence(history, 60, -1)
    history.brokersKnown.push({ node: 1, atMs: 95, brokers })
    expect(deletedStaysDeleted(history)).toEqual([])
    history.cuts.splice(0, 1, { ...cutAt(100), invokedMs: 96 })
    expect(deletedStaysDeleted(history)).toEqual(BEGINS_AT_ZERO)
  })

  it('binds nobody where the leader had not heard of the life in which a broker is', () => {
    const history = toldOfAgain()
    const { brokers } = firstImage
    const now = brokers.get(3)
    if (now === undefined) throw new Error('there is no broker 3')
    history.brokersKnown.push({ node: 1, atMs: 2, brokers: brokers.with(3, { ...now, epoch: 2n }) })
    expect(deletedStaysDeleted(history)).toEqual([])
  })

  it('binds who is fenced only later', () => {
    const history = toldOfAgain()
    fence(history, 150, 1)
    expect(deletedStaysDeleted(history)).toEqual(BEGINS_AT_ZERO)
  })
})
