/** Which sets of voters may follow which: one voter at a time (KIP-853). */
import { describe, expect, it } from 'vitest'
import { type ChangeFacts, refuseVoterChange } from '../../../src/coordination/raft/leader/voter-change.ts'
import { UNKNOWN_DIRECTORY, type Voter } from '../../../src/coordination/raft/message.ts'

/** `1a 2b:9` is voter 1 on disk a, and voter 2 on disk b at port 9; `?` an unknown disk. */
function voters(text: string): Voter[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => {
      const [, id = '', disk = '', port = '1'] = /^(\d+)(\S)(?::(\d+))?$/.exec(word) ?? []
      return {
        id: Number(id),
        directoryId: disk === '?' ? UNKNOWN_DIRECTORY : disk,
        endpoints: [{ name: 'CONTROLLER', host: 'h', port: Number(port) }],
      }
    })
}

function facts(before: string, after: string, caughtUp: string): ChangeFacts {
  return {
    voters: voters(before),
    proposed: voters(after),
    hasCommitted: true,
    isChanging: false,
    caughtUp: voters(caughtUp),
  }
}

describe('a change of voters', () => {
  it.each([
    ['1a 2b 3c', '1a 2b 3c 4d', '4d', null],
    ['1a 2b 3c', '1a 2b', '', null],
    ['1a 2b 3c', '1a 2b 3c', '', null],
    ['1a 2b 3c', '1a 2b 3c:9', '', null],
    ['1a 2b 3?', '1a 2b 3c', '3c', null],
    ['1a', '1a 2b', '2b', null],
    ['1a 2b', '1a', '', null],
    ['1a 2b 3c', '1a 2b 3c 4d', '', 'not-caught-up'],
    ['1a 2b 3c', '1a 2b 3c 4d', '4e', 'not-caught-up'],
    ['1a 2b 3c', '1a 2b 3c 4?', '4d', 'not-caught-up'],
    ['1a 2b 3?', '1a 2b 3c', '3d', 'not-caught-up'],
    ['1a 2b 3c', '1a 2b 3c 4d 5e', '4d 5e', 'not-one-change'],
    ['1a 2b 3c', '1a', '', 'not-one-change'],
    ['1a 2b 3c', '1a 2b 4d', '4d', 'not-one-change'],
    ['1a 2b 3c', '1a 2b 3d', '3d', 'not-one-change'],
    ['1a 2b 3c', '1a 2b 3?', '', 'not-one-change'],
    ['1a 2b 3c', '1a:9 2b:9 3c', '', 'not-one-change'],
    ['1a 2b 3c', '1a 2b:9', '', 'not-one-change'],
    ['1a 2b 3c', '1a 2b 3c 3c', '', 'not-one-change'],
    ['1a', '', '', 'not-one-change'],
  ] as const)('from %s to %s, caught up %s: %s', (before, after, caughtUp, refusal) => {
    expect(refuseVoterChange(facts(before, after, caughtUp))).toBe(refusal)
  })

  it('waits for an entry of the epoch, and for the one before', () => {
    const good = facts('1a 2b', '1a', '')
    expect(refuseVoterChange({ ...good, hasCommitted: false })).toBe('not-leader')
    expect(refuseVoterChange({ ...good, isChanging: true })).toBe('change-in-progress')
  })

  it('has a bound', () => {
    const many = Array.from({ length: 32 }, (_, index) => `${index}a`)
    const change = facts(many.slice(1).join(' '), many.join(' '), '0a')
    expect(refuseVoterChange(change)).toBe('not-one-change')
  })
})
