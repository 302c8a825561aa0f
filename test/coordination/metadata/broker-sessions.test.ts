/** Whom the controller believes to be alive: heartbeats, silence, hints and what probes find. */
import { describe, expect, it } from 'vitest'
import { BrokerSessions } from '../../../src/coordination/metadata/broker-sessions.ts'

const one = { brokerId: 1, brokerEpoch: 10n }

function sessions(): BrokerSessions {
  const machine = new BrokerSessions(1_000)
  machine.receive({ type: 'heard', life: one, nowMs: 0 })
  return machine
}

describe('a broker session', () => {
  it('lasts its whole time-out, and ends once', () => {
    const machine = sessions()
    expect(machine.nextEndMs).toBe(1_000)
    expect(machine.receive({ type: 'tick', nowMs: 1_000 })).toEqual([])
    expect(machine.isLive(1, 1_000)).toBe(true)
    expect(machine.receive({ type: 'tick', nowMs: 1_001 })).toEqual([{ type: 'fence', life: one }])
    expect(machine.receive({ type: 'tick', nowMs: 9_000 })).toEqual([])
    expect(machine.nextEndMs).toBeNull()
  })

  it('is renewed by heartbeats of this life, not by older ones', () => {
    const machine = sessions()
    machine.receive({ type: 'heard', life: { brokerId: 1, brokerEpoch: 20n }, nowMs: 500 })
    machine.receive({ type: 'heard', life: one, nowMs: 1_400 })
    expect(machine.receive({ type: 'tick', nowMs: 1_501 })).toEqual([
      { type: 'fence', life: { brokerId: 1, brokerEpoch: 20n } },
    ])
  })

  it('is not ended by a hint: the broker is looked for', () => {
    const machine = sessions()
    expect(machine.receive({ type: 'hinted', brokerId: 1 })).toEqual([{ type: 'probe', life: one }])
    expect(machine.receive({ type: 'hinted', brokerId: 7 })).toEqual([])
    expect(machine.isLive(1, 900)).toBe(true)
  })

  it('ends when nobody is there, unless another life has come meanwhile', () => {
    const machine = sessions()
    machine.receive({ type: 'heard', life: { brokerId: 1, brokerEpoch: 20n }, nowMs: 10 })
    expect(machine.receive({ type: 'nobody-there', life: one })).toEqual([])
    const gone = { brokerId: 1, brokerEpoch: 20n }
    expect(machine.receive({ type: 'nobody-there', life: gone })).toEqual([{ type: 'fence', life: gone }])
  })

  it('may be assumed at first, which bars no other process of that broker', () => {
    const machine = new BrokerSessions(1_000)
    machine.receive({ type: 'assumed', life: one, nowMs: 0 })
    expect(machine.isLive(1, 10)).toBe(false)
    expect(machine.receive({ type: 'tick', nowMs: 1_001 })).toEqual([{ type: 'fence', life: one }])
    machine.receive({ type: 'assumed', life: one, nowMs: 2_000 })
    machine.receive({ type: 'heard', life: one, nowMs: 2_010 })
    expect(machine.isLive(1, 2_020)).toBe(true)
  })

  it('is over for a broker that left', () => {
    const machine = sessions()
    machine.receive({ type: 'left', brokerId: 1 })
    expect(machine.receive({ type: 'tick', nowMs: 5_000 })).toEqual([])
    expect(machine.isLive(1, 0)).toBe(false)
  })
})
