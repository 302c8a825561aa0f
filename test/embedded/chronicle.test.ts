/** What happened, in words: once each, with the cluster's time, and only the newest. */
import { expect, it } from 'vitest'
import type { MetadataDelta } from '../../src/coordination/metadata/delta.ts'
import { Chronicle } from '../../src/embedded/chronicle.ts'
import { limits } from '../../src/runtime/limits.ts'

/** A delta in which a partition gets another leader. */
function moved(before: number | null, after: number, leaderEpoch: number): MetadataDelta {
  const partition = (leader: number) => ({ leader, leaderEpoch })
  const change = {
    topicName: 'orders',
    topicId: 'id',
    partition: 0,
    before: before === null ? undefined : partition(before),
    after: partition(after),
  }
  return { partitionsChanged: [change] } as unknown as MetadataDelta
}

it('tells of an election once, whichever node sees it first', () => {
  const chronicle = new Chronicle(() => 1_250)
  chronicle.followed(moved(null, 1, 0))
  for (let node = 1; node <= 3; node++) chronicle.followed(moved(1, -1, 1))
  for (let node = 1; node <= 3; node++) chronicle.followed(moved(-1, 3, 2))
  // A node that was away learns of it late.
  chronicle.followed(moved(1, -1, 1))
  chronicle.leaderKnown(-1, 4)
  for (let node = 1; node <= 3; node++) chronicle.leaderKnown(2, 4)
  chronicle.leaderKnown(1, 3)
  expect(chronicle.lines()).toEqual([
    '     1.250 s orders-0: nobody leads, after node 1 (epoch 1)',
    '     1.250 s orders-0: node 3 leads, after nobody (epoch 2)',
    '     1.250 s node 2 controls the cluster (epoch 4)',
  ])
})

it('counts days, and looks at what goes on when it is asked', () => {
  let nowMs = 0
  const chronicle = new Chronicle(() => nowMs)
  let struck = 0
  chronicle.note(() => `struck ${struck} times`)
  nowMs = 7 * 86_400_000 + 3_661_001
  chronicle.note('later')
  struck = 2
  expect(chronicle.lines()).toEqual(['     0.000 s struck 2 times', '7 d 01:01:01.001 later'])
})

it('keeps the newest lines', () => {
  const chronicle = new Chronicle(() => 0)
  for (let line = 0; line < limits.historyLinesMax + 5; line++) chronicle.note(String(line))
  expect(chronicle.lines()).toHaveLength(limits.historyLinesMax)
  expect(chronicle.lines()[0]).toContain(' 5')
})
