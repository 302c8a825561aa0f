/** Every invariant can fail: a history that breaks it, and only it where that can be. */
import { describe, expect, it } from 'vitest'
import type { History } from '../../src/simulation/history.ts'
import { invariants } from '../../src/simulation/invariants/index.ts'
import {
  batch,
  changed,
  firstImage,
  logOf,
  partitionChange,
  read,
  sent,
  sightOf,
  whole,
} from './whole-history.ts'

function broken(history: History): string[] {
  return Object.keys(invariants).filter((name) => (invariants[name]?.(history) ?? []).length > 0)
}

const breaks: readonly (readonly [string, (history: History) => void])[] = [
  ['no acknowledged record is lost', (history) => history.finalLogs.splice(0, 1, logOf(['w:0', 'w:1']))],
  [
    'nothing is there that nobody sent',
    (history) => history.finalLogs.splice(0, 1, logOf(['w:0', 'w:1', 'w:2', '?x'])),
  ],
  ['an offset names one record', (history) => history.reads.push(read(0, 'w:1', 's'))],
  [
    'offsets are contiguous',
    (history) => {
      history.sends.push(sent(['w:3'], { outcome: 'unknown', baseOffset: -1 }))
      history.finalLogs.splice(0, 1, logOf(['w:0', 'w:1', 'w:2', 'w:3'], [0, 1, 2, 4]))
    },
  ],
  [
    'records of a producer keep their order',
    (history) => {
      history.sends.reverse()
    },
  ],
  [
    'no record stands twice',
    (history) => history.finalLogs.splice(0, 1, logOf(['w:0', 'w:1', 'w:2', 'w:2'])),
  ],
  ['readers see every offset once, in order', (history) => history.reads.push(read(1, 'w:1'))],
  [
    'what was read stays',
    (history) => {
      history.sends.push(sent(['w:3'], { outcome: 'unknown', baseOffset: -1 }))
      history.reads.push({ ...read(3, 'w:3', 's'), atMs: 60 })
    },
  ],
  ['replicas are equal', (history) => history.finalLogs[0]?.replicas.get(2)?.fill(0)],
  [
    'what was refused is not there',
    (history) => {
      history.sends.splice(1, 1, sent(['w:2'], { outcome: 'refused', isPatient: false, baseOffset: -1 }))
    },
  ],
  [
    'patient producers succeed',
    (history) => {
      const error = { code: 'OUT_OF_ORDER_SEQUENCE_NUMBER', isRetriable: false }
      history.sends.push(sent(['w:3'], { outcome: 'unknown', baseOffset: -1, error }))
    },
  ],
  [
    'ends never step back',
    (history) =>
      history.endReads.push({ topic: 't', partition: 0, endOffset: 2, invokedMs: 28, endedMs: 29 }),
  ],
  [
    'replicas in sync have what is committed',
    (history) => history.sights.splice(1, 0, sightOf(30, [batch(0, 2), batch(2)], [1, 2])),
  ],
  [
    'leader epoch and offset name one batch',
    (history) => history.writtenBatches.push({ ...batch(2), checksum: 1, topic: 't', partition: 0, node: 3 }),
  ],
  [
    'leader epochs grow',
    (history) => {
      const [first] = history.metadataStates
      if (first !== undefined)
        history.metadataStates = [...history.metadataStates, { ...first, endOffset: 3 }]
    },
  ],
  [
    'what is acknowledged lies on enough disks',
    (history) => {
      // Nobody is in sync but node 1, so that only the number of disks is wrong.
      const image = changed(firstImage, partitionChange({ isr: [1] }))
      history.metadataStates = [{ endOffset: 1, seenMs: 1, image }]
      history.sights.push(sightOf(40, [batch(0, 2), batch(2)], [1]))
    },
  ],
  ['elections are clean', (history) => elect(history, [1], 3)],
  [
    'a deposed leader acknowledges nothing',
    (history) => {
      history.finalLogs.splice(0, 1, logOf(['w:0', 'w:1', 'w:2'], [0, 1, 2], [batch(0, 2, 1), batch(2)]))
      history.sends.splice(1, 1, sent(['w:2'], { baseOffset: 2, invokedMs: 21, endedMs: 25 }))
    },
  ],
  [
    'a node votes once in a term',
    (history) => history.votes.push({ epoch: 1, voter: 'node 2', candidate: 3 }),
  ],
  [
    'a term has one leader',
    (history) => history.leaders.push({ epoch: 1, leader: 3, follower: 1, highWatermark: 0, atMs: 37 }),
  ],
  [
    'the quorum keeps what it committed',
    (history) => history.leaders.push({ epoch: 1, leader: 1, follower: 2, highWatermark: 1, atMs: 38 }),
  ],
  ['committed offsets stay', (history) => history.offsetReads.push({ group: 'g', offset: 2, invokedMs: 9 })],
]

/** Node `leader` is elected when only `isr` are in sync. */
function elect(history: History, isr: readonly number[], leader: number): void {
  const before = changed(firstImage, partitionChange({ isr }))
  const after = changed(before, partitionChange({ leader, isr: [leader] }))
  history.metadataStates = [
    { endOffset: 1, seenMs: 1, image: before },
    { endOffset: 2, seenMs: 2, image: after },
  ]
}

describe('invariants', () => {
  it('hold for a history without fault', () => {
    expect(broken(whole())).toEqual([])
  })

  it.each(breaks)('%s', (name, spoil) => {
    const history = whole()
    spoil(history)
    expect(broken(history)).toEqual([name])
  })

  it('are all shown to fail', () => {
    expect(breaks.map(([name]) => name).sort()).toEqual(Object.keys(invariants).sort())
  })

  it('tell of an offset that nobody committed', () => {
    const history = whole()
    history.offsetReads.push({ group: 'g', offset: 7, invokedMs: 9 })
    expect(broken(history)).toEqual(['committed offsets stay'])
  })

  it('tell of a reader that is shown what lies beyond the high watermark, or is sent away', () => {
    const beyond = whole()
    beyond.reads.push({ ...read(2, 'w:2'), highWatermark: 2 })
    expect(broken(beyond)).toEqual(['ends never step back'])
    const away = whole()
    away.lostPositions.push({ reader: 'r', told: 'offset 1 is out of range' })
    expect(broken(away)).toEqual(['ends never step back'])
  })

  it('tell of a replica in sync that holds another record', () => {
    const history = whole()
    history.sights.splice(1, 0, sightOf(30, [batch(0, 2), { ...batch(2), checksum: 1 }]))
    expect(broken(history)).toEqual(['replicas in sync have what is committed'])
  })

  it('tell of a patient producer that fails though all is well', () => {
    const history = whole()
    const error = { code: 'TIMED_OUT', isRetriable: true }
    history.sends.push(sent(['w:3'], { outcome: 'unknown', baseOffset: -1, endedMs: 30_500, error }))
    expect(broken(history)).toEqual([])
    history.sends.push(sent(['w:4'], { outcome: 'unknown', baseOffset: -1, endedMs: 31_500, error }))
    expect(broken(history)).toEqual(['patient producers succeed'])
  })

  it('tell of fenced brokers in sync, and of elections that may lose records', () => {
    const fenced = whole()
    const image = changed(firstImage, { type: 'FenceBrokerRecord', value: { id: 3, epoch: 3n } })
    fenced.metadataStates = [{ endOffset: 1, seenMs: 1, image }]
    expect(broken(fenced)).toEqual(['elections are clean'])
    const recovering = whole()
    const recovered = changed(firstImage, partitionChange({ leader: 2, leaderRecoveryState: 1 }))
    recovering.metadataStates = [{ endOffset: 1, seenMs: 1, image: recovered }]
    expect(broken(recovering)).toEqual(['elections are clean'])
  })

  it('tell of metadata that was committed and is gone, or differs at the end', () => {
    const gone = whole()
    for (const node of [1, 2, 3]) gone.metadataLogs.set(node, [batch(0, 1, 1)])
    expect(broken(gone)).toEqual(['the quorum keeps what it committed'])
    const differing = whole()
    differing.metadataLogs.set(3, [batch(0, 1, 1), { ...batch(1, 1, 1), checksum: 1 }])
    expect(broken(differing)).toEqual(['the quorum keeps what it committed'])
  })
})
