/** Every invariant can fail: a history that breaks it, and only it where that can be. */
import { describe, expect, it } from 'vitest'
import { History, type SentRecords } from '../../src/simulation/history.ts'
import { invariants } from '../../src/simulation/invariants/index.ts'

function sent(labels: readonly string[], more: Partial<SentRecords> = {}): SentRecords {
  return {
    writer: 'w',
    topic: 't',
    partition: 0,
    acks: -1,
    labels,
    outcome: 'acknowledged',
    baseOffset: 0,
    ...more,
  }
}

/** Two sends that both stand in the log, a reader that saw them, a committed offset. */
function whole(): History {
  const history = new History()
  history.sends.push(sent(['w:0', 'w:1']), sent(['w:2'], { baseOffset: 2 }))
  history.reads.push(
    { reader: 'r', topic: 't', partition: 0, offset: 0, label: 'w:0' },
    { reader: 'r', topic: 't', partition: 0, offset: 1, label: 'w:1' },
  )
  history.commits.push({ group: 'g', offset: 3, invokedMs: 1, acknowledgedMs: 2 })
  history.offsetReads.push({ group: 'g', offset: 3, invokedMs: 5 })
  history.finalLogs.push(logOf(['w:0', 'w:1', 'w:2']))
  return history
}

function logOf(labels: readonly string[], offsets = labels.map((_, index) => index)) {
  const bytes = Buffer.from(labels.join())
  return {
    topic: 't',
    partition: 0,
    records: labels.map((label, index) => ({ label, offset: offsets[index] ?? -1 })),
    replicas: new Map([
      [1, bytes],
      [2, Buffer.from(bytes)],
    ]),
  }
}

function broken(history: History): string[] {
  return Object.keys(invariants).filter((name) => (invariants[name]?.(history) ?? []).length > 0)
}

const breaks: readonly (readonly [string, (history: History) => void])[] = [
  ['no acknowledged record is lost', (history) => history.finalLogs.splice(0, 1, logOf(['w:0', 'w:1']))],
  [
    'nothing is there that nobody sent',
    (history) => history.finalLogs.splice(0, 1, logOf(['w:0', 'w:1', 'w:2', '?x'])),
  ],
  [
    'an offset names one record',
    (history) => history.reads.push({ reader: 's', topic: 't', partition: 0, offset: 0, label: 'w:1' }),
  ],
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
      history.sends.splice(0, 2, sent(['w:0', 'w:1']), sent(['w:2'], { baseOffset: 3 }))
      history.sends.splice(1, 0, sent(['w:3'], { baseOffset: 2, writer: 'w' }))
      history.sends.reverse()
      history.finalLogs.splice(0, 1, logOf(['w:0', 'w:1', 'w:3', 'w:2']))
    },
  ],
  [
    'no record stands twice',
    (history) => history.finalLogs.splice(0, 1, logOf(['w:0', 'w:1', 'w:2', 'w:2'])),
  ],
  [
    'readers see every offset once, in order',
    (history) => history.reads.push({ reader: 'r', topic: 't', partition: 0, offset: 1, label: 'w:1' }),
  ],
  [
    'what was read stays',
    (history) => {
      history.sends.push(sent(['w:3'], { outcome: 'unknown', baseOffset: -1 }))
      history.reads.push({ reader: 's', topic: 't', partition: 0, offset: 3, label: 'w:3' })
    },
  ],
  ['replicas are equal', (history) => history.finalLogs[0]?.replicas.get(2)?.fill(0)],
  ['committed offsets stay', (history) => history.offsetReads.push({ group: 'g', offset: 2, invokedMs: 9 })],
]

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
})
