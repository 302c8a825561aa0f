/** A node that lost its disk votes again, in two steps, once it has everything. */
import { describe, expect, it } from 'vitest'
import { UNKNOWN_DIRECTORY, type Voter } from '../../../src/coordination/raft/message.ts'
import { voterRepair } from '../../../src/coordination/raft/voter-repair.ts'

const at = (port: number) => [{ name: 'CONTROLLER', host: 'h', port }]
const voter = (id: number, directoryId = `disk-${id}`): Voter => ({ id, directoryId, endpoints: at(id) })
const wanted = new Map([1, 2, 3].map((id) => [id, at(id)]))
const base = { voters: [voter(1), voter(2), voter(3)], highWatermark: 100, wanted }
const fresh = (id: number, logEndOffset = 100) => ({ id, directoryId: `new-${id}`, logEndOffset })

describe('a lost disk', () => {
  it('goes first, then the new one comes', () => {
    const without = voterRepair({ ...base, observers: [fresh(3)] })
    expect(without).toEqual([voter(1), voter(2)])
    const whole = voterRepair({ ...base, voters: without ?? [], observers: [fresh(3)] })
    expect(whole).toEqual([voter(1), voter(2), voter(3, 'new-3')])
    expect(voterRepair({ ...base, voters: whole ?? [], observers: [] })).toBeNull()
  })

  it('counts for nothing before the new one has all that is committed', () => {
    expect(voterRepair({ ...base, observers: [fresh(3, 99)] })).toBeNull()
  })

  it('is not known to be lost where no disk was known', () => {
    const voters = [voter(1), voter(2), voter(3, UNKNOWN_DIRECTORY)]
    expect(voterRepair({ ...base, voters, observers: [fresh(3)] })).toBeNull()
  })
})

describe('a node that follows', () => {
  it('votes where it shall, and stays an observer elsewhere', () => {
    expect(voterRepair({ ...base, observers: [fresh(4)] })).toBeNull()
    const voters = [voter(1), voter(2)]
    expect(voterRepair({ ...base, voters, observers: [fresh(4), fresh(3)] })).toEqual([
      ...voters,
      voter(3, 'new-3'),
    ])
  })

  it('does not take the last voter out', () => {
    expect(voterRepair({ ...base, voters: [voter(1)], observers: [fresh(1)] })).toBeNull()
  })
})
