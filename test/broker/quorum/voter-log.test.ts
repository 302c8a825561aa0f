import { describe, expect, it } from 'vitest'
import { leaderChangeBatch, votersBatch, votersIn } from '../../../src/broker/quorum/metadata-batches.ts'
import { VoterLog } from '../../../src/broker/quorum/voter-log.ts'
import { UNKNOWN_DIRECTORY, type Voter } from '../../../src/coordination/raft/message.ts'

const voter = (id: number, directoryId = 'Xv3_1d6tT8Ox8oVqv5cDpA'): Voter => ({
  id,
  directoryId,
  endpoints: [{ name: 'CONTROLLER', host: `node-${id}`, port: 9093 }],
})
const configured = [voter(1, UNKNOWN_DIRECTORY)]
const first = { offset: 5, voters: [voter(1)] }
const second = { offset: 9, voters: [voter(1), voter(2)] }

describe('the voters by the log', () => {
  it('are the configuration’s until the log names others', () => {
    const log = new VoterLog(configured, [])
    expect([log.current, log.namedBefore(100)]).toEqual([configured, null])
    log.add(first)
    expect([log.current, log.namedBefore(5), log.namedBefore(6)]).toEqual([first.voters, null, first.voters])
  })

  it('go back when the log is cut', () => {
    const log = new VoterLog(configured, [first, second])
    expect(log.current).toBe(second.voters)
    log.truncate(9)
    expect(log.current).toBe(first.voters)
    log.truncate(5)
    expect(log.current).toBe(configured)
  })

  it('are a snapshot’s once it is the beginning, or the configuration’s when it names none', () => {
    const log = new VoterLog(configured, [first])
    log.reset(20, second.voters)
    expect([log.current, log.namedBefore(20)]).toEqual([second.voters, second.voters])
    log.truncate(20)
    expect(log.current).toBe(second.voters)
    log.reset(30, null)
    expect([log.current, log.namedBefore(30)]).toEqual([configured, null])
  })

  it('are kept as far as some offset of the log needs them', () => {
    const log = new VoterLog(configured, [first, second, { offset: 12, voters: [voter(2)] }])
    log.prune(10)
    expect(log.namedBefore(10)).toBe(second.voters)
    expect(log.sets.map(({ offset }) => offset)).toEqual([-1, 9, 12])
    log.prune(2)
    expect(log.sets.length).toBe(3)
  })

  it('stand in control batches, with a LeaderChange or alone', () => {
    const bytes = Buffer.concat([
      leaderChangeBatch(1, configured, [], 0),
      leaderChangeBatch(1, configured, configured, 0),
      votersBatch(second.voters, 0),
    ])
    expect(votersIn(bytes).map(({ voters }) => voters)).toEqual([configured, second.voters])
  })
})
