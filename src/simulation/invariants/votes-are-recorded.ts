/** Invariant 20: who tells of a vote has it on its disk by then, or a later epoch: no power cut lets it vote again. */
import type { History } from '../history.ts'

export function votesAreRecorded({ votes }: History): string[] {
  return votes
    .filter(({ epoch, candidate, onDisk }) => {
      if (onDisk === null || onDisk.epoch < epoch) return true
      return onDisk.epoch === epoch && onDisk.candidate !== candidate
    })
    .map(({ epoch, voter, candidate, onDisk }) => {
      const recorded = onDisk === null ? 'nothing' : `${onDisk.candidate} in epoch ${onDisk.epoch}`
      return `${voter} voted for ${candidate} in epoch ${epoch} and had recorded ${recorded}`
    })
}
