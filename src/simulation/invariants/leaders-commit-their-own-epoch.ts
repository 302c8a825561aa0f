/**
 * Invariant 20: a leader of the quorum calls nothing committed that nobody called so before, but with an entry of its own epoch
 * (Raft, §5.4.2): of entries of earlier epochs that a majority has it cannot know that they stay.
 *
 * Who led before may know of more than it told, so nothing is asked of it.
 */
import type { History } from '../history.ts'
import { longestLog } from './longest-log.ts'

export function leadersCommitTheirOwnEpoch(history: History): string[] {
  const longest = longestLog(history)
  const firstLed = new Map<number, number>()
  let committed = 0
  return history.leaders.flatMap(({ epoch, leader, highWatermark }) => {
    const ledFrom = firstLed.get(leader) ?? epoch
    firstLed.set(leader, ledFrom)
    if (highWatermark <= committed) return []
    committed = highWatermark
    // There is none while the nodes stop, after the logs were taken down.
    const last = longest.findLast(
      ({ baseOffset, lastOffset }) => baseOffset < highWatermark && highWatermark <= lastOffset + 1,
    )
    if (ledFrom < epoch || last === undefined || last.leaderEpoch === epoch) return []
    return [
      `node ${leader} of epoch ${epoch} called ${highWatermark} committed, which ends in epoch ${last.leaderEpoch}`,
    ]
  })
}
