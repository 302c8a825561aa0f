import { describe, expect, it } from 'vitest'
import { setBaseOffset } from '../../src/protocol/records/batch.ts'
import { MemoryDisk } from '../../src/runtime/memory-disk.ts'
import { ReplicaTrack } from '../../src/simulation/witness/replica-track.ts'
import { testBatch } from '../storage/support/batches.ts'

const FOLDER = '/data/t-0'

function diskWith(files: Readonly<Record<string, readonly number[]>>): MemoryDisk {
  const disk = new MemoryDisk({ later: (callback) => callback(), tracksDurability: true, wallMs: () => 0 })
  disk.makeDirectory(FOLDER)
  for (const [name, offsets] of Object.entries(files)) {
    const batches = offsets.map((offset) => {
      const batch = testBatch()
      setBaseOffset(batch, 0, offset)
      return batch
    })
    disk.open(`${FOLDER}/${name}`, 'create').writeSync(batches, 0)
  }
  return disk
}

function seen(files: Readonly<Record<string, readonly number[]>>) {
  const { batches, startOffset, isWhole } = new ReplicaTrack(FOLDER).look(diskWith(files))
  return { offsets: batches.map(({ baseOffset }) => baseOffset), startOffset, isWhole }
}

const FIRST = '00000000000000000000.log'
const SECOND = '00000000000000000005.log'

describe('what lies on the disk of a replica', () => {
  it('is what its segments hold, one behind the other', () => {
    expect(seen({ [FIRST]: [0, 1], [SECOND]: [5] })).toEqual({
      offsets: [0, 1, 5],
      startOffset: 0,
      isWhole: true,
    })
    expect(seen({ [FIRST]: [0, 0] })).toMatchObject({ offsets: [0], isWhole: false })
  })

  it('is also what a compaction has written that a crash kept from taking its place', () => {
    expect(seen({ [`${FIRST}.swap`]: [3], [SECOND]: [] })).toEqual({
      offsets: [3],
      startOffset: 0,
      isWhole: true,
    })
    expect(seen({ [`${FIRST}.swap`]: [3], [FIRST]: [0, 3] })).toMatchObject({ offsets: [0, 3] })
    expect(seen({ [`${FIRST}.cleaned`]: [3], [SECOND]: [5] })).toMatchObject({
      offsets: [5],
      startOffset: 5,
    })
  })
})
