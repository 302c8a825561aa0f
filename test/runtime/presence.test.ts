/** Who is silent and who is gone: a listener that dies, one that lives, one that nobody can reach. */
import { describe, expect, it } from 'vitest'
import type { Connection, Receiver } from '../../src/runtime/network.ts'
import { presenceAt } from '../../src/runtime/presence.ts'
import { TestClock } from '../storage/support/world.ts'

/** What comes of one dial. */
type Outcome = 'refused' | 'unreachable' | 'taken' | 'taken and reset' | 'taken and greeted'

function connection(outcome: Outcome, clock: TestClock): Connection {
  return {
    remoteAddress: '',
    remotePort: 0,
    localAddress: '',
    localPort: 0,
    unsentBytes: 0,
    start(receiver: Receiver) {
      if (outcome === 'taken and reset') clock.schedule(1, () => receiver.closed(null))
      if (outcome === 'taken and greeted') clock.schedule(1, () => receiver.received(1))
    },
    write() {},
    pause() {},
    resume() {},
    end() {},
    destroy() {},
  }
}

/** Dials whose outcomes are these, the last one again and again; answers what was found and when. */
async function look(outcomes: readonly Outcome[]) {
  const clock = new TestClock()
  const began = clock.nowMs
  let dials = 0
  const connect = async (): Promise<Connection> => {
    const outcome = outcomes[Math.min(dials++, outcomes.length - 1)] ?? 'unreachable'
    if (outcome === 'refused') throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
    if (outcome === 'unreachable') throw Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })
    return connection(outcome, clock)
  }
  let found: string | null = null
  const looking = presenceAt({ clock, network: { connect } }, 'node', 1, 200).then((presence) => {
    found = presence
  })
  while (found === null) {
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
    if (found === null) clock.advance(1)
  }
  await looking
  return { found, dials, tookMs: clock.nowMs - began }
}

describe('presence at an address', () => {
  it('is a connection that lasts, or brings something', async () => {
    expect(await look(['taken'])).toEqual({ found: 'listening', dials: 1, tookMs: 30 })
    expect(await look(['taken and greeted'])).toEqual({ found: 'listening', dials: 1, tookMs: 1 })
  })

  it('is denied by a refusal, and left open when nothing comes', async () => {
    expect(await look(['refused'])).toEqual({ found: 'refused', dials: 1, tookMs: 0 })
    expect(await look(['unreachable'])).toEqual({ found: 'unreachable', dials: 1, tookMs: 0 })
  })

  it('is not proved by the last connections that a dying process takes', async () => {
    expect(await look(['taken and reset', 'taken and reset', 'refused'])).toMatchObject({
      found: 'refused',
      dials: 3,
    })
  })

  it('is granted to who goes on closing what it takes', async () => {
    expect((await look(['taken and reset'])).found).toBe('listening')
  })
})
