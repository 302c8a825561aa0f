/**
 * What a power cut leaves of all that no sync had covered: asked by the disk in memory, answered by dice or by who enumerates.
 *
 * Names of one directory change in causal order: a change that shares a name with a lost one is lost, a rename is one
 * change. POSIX promises no more; ext4, XFS and Btrfs do: what comes back is a prefix of the changes, as dice draw it. Of a
 * file the size moves in order, and of what was written below it any 512-byte sectors come back, as delayed allocation
 * writes them; the last write may end anywhere.
 */

export const SECTOR_BYTES = 512

export interface WriteStep {
  readonly kind: 'write'
  readonly position: number
  readonly bytes: Buffer
}

export interface TruncateStep {
  readonly kind: 'truncate'
  readonly sizeBytes: number
}

/** One change of a file that no sync covered. */
export type ContentStep = WriteStep | TruncateStep

export interface ContentSurvival {
  /** So many steps, oldest first, did to the size what they do. */
  readonly keptSteps: number
  /** Of the next one, if it writes, so many bytes came to the disk as well. */
  readonly tornBytes: number
  /** Whether what step `step` wrote into that sector of the file is lost: older bytes stay, or zeros. */
  readonly losesSector: (step: number, sector: number) => boolean
}

export interface Survival {
  /** Whether change `index` of a directory's `count` unsynced ones survives, should those it builds on. */
  keepsNames(directoryId: number, index: number, count: number): boolean
  content(fileId: number, steps: readonly ContentStep[]): ContentSurvival
}

/** A whole number in `[0, limit)`. */
export type Dice = (limit: number) => number

const loseNone = (): boolean => false

/** Nothing of a file's steps. */
export const nothing: ContentSurvival = { keptSteps: 0, tornBytes: 0, losesSector: loseNone }

/** All of `count` steps, and of a next one `tornBytes`. */
export function firstSteps(count: number, tornBytes = 0): ContentSurvival {
  return { keptSteps: count, tornBytes, losesSector: loseNone }
}

/** As the dice fall: a prefix of the names, torn and holed writes. Dice that show 0 lose everything. */
export function drawnSurvival(dice: Dice): Survival {
  const kept = new Map<number, number>()
  return {
    keepsNames(directoryId, index, count) {
      const prefix = kept.get(directoryId) ?? dice(count + 1)
      kept.set(directoryId, prefix)
      return index < prefix
    },
    content(_fileId, steps) {
      const manner = dice(4)
      const keptSteps = manner === 0 ? 0 : dice(steps.length + 1)
      const next = steps[keptSteps]
      const tornBytes = manner === 2 && next?.kind === 'write' ? dice(next.bytes.length + 1) : 0
      return { keptSteps, tornBytes, losesSector: manner === 3 ? () => dice(4) === 0 : loseNone }
    },
  }
}
