/** The partition leader: high watermark, ISR, acks, and what an epoch's end means for them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type LeaderEffect,
  type LeaderPartition,
  PartitionLeader,
} from '../../../src/coordination/replication/partition-leader.ts'

const settings = { insyncReplicasMin: 2, lagMsMax: 30_000 }
const brokerEpochs = new Map([
  [1, 11n],
  [2, 12n],
  [3, 13n],
])

function partition(change: Partial<LeaderPartition> = {}): LeaderPartition {
  return { leader: 1, leaderEpoch: 5, partitionEpoch: 7, replicas: [1, 2, 3], isr: [1, 2, 3], ...change }
}

function leader(change: Partial<LeaderPartition> = {}, endOffset = 0, insyncReplicasMin = 2) {
  return new PartitionLeader({
    nodeId: 1,
    partition: partition(change),
    settings: { ...settings, insyncReplicasMin },
    brokerEpochs,
    endOffset,
    epochStartOffset: endOffset,
    highWatermark: 0,
    nowMs: 0,
  })
}

function fetches(replica: number, fetchOffset: number, nowMs = 0, brokerEpoch = BigInt(10 + replica)) {
  return { type: 'follower-fetched', replica, brokerEpoch, fetchOffset, nowMs } as const
}

function persisted(endOffset: number) {
  return { type: 'persisted', endOffset } as const
}

function highWatermarks(effects: readonly LeaderEffect[]): number[] {
  return effects.flatMap((effect) => (effect.type === 'advance-high-watermark' ? [effect.offset] : []))
}

describe('one replica', () => {
  const alone = { replicas: [1], isr: [1] }

  it('is the whole ISR: what it has persisted is committed', () => {
    const machine = leader(alone)
    expect(machine.appendRefusal).toBe(0)
    expect(machine.receive(persisted(10))).toEqual([
      { type: 'advance-high-watermark', offset: 10 },
      { type: 'complete-acks', offset: 10, errorCode: 0 },
    ])
    expect(machine.receive(persisted(10))).toEqual([])
    expect(machine.receive(persisted(4))).toEqual([])
    expect(machine.receive({ type: 'tick', nowMs: 1e9 })).toEqual([])
    expect(machine.highWatermark).toBe(10)
  })

  it('trap 11: fails acks of an epoch that is over, and does nothing after, whoever leads the next', () => {
    for (const leads of [1, 2]) {
      const machine = leader(alone)
      machine.receive(persisted(10))
      const next = partition({ ...alone, leader: leads, leaderEpoch: 6, partitionEpoch: 8 })
      expect(machine.receive({ type: 'partition-committed', partition: next, nowMs: 0 })).toEqual([
        { type: 'fail-acks', errorCode: 6 },
      ])
      expect(machine.leads).toBe(false)
      expect(machine.receive(persisted(12))).toEqual([])
      expect(machine.receive(fetches(2, 12))).toEqual([])
      expect(machine.receive({ type: 'tick', nowMs: 1e9 })).toEqual([])
    }
  })
})

describe('high watermark', () => {
  it('trap 12: waits until every in-sync follower has shown itself', () => {
    const machine = leader()
    expect(machine.receive(persisted(10))).toEqual([])
    expect(machine.receive(fetches(2, 10))).toEqual([])
    expect(highWatermarks(machine.receive(fetches(3, 6)))).toEqual([6])
    expect(highWatermarks(machine.receive(fetches(3, 10)))).toEqual([10])
  })

  it('does not wait for replicas outside the ISR', () => {
    const machine = leader({ isr: [1, 2] })
    machine.receive(persisted(10))
    expect(highWatermarks(machine.receive(fetches(2, 9)))).toEqual([9])
  })

  it('never goes back, and starts at what the checkpoint says (trap 10)', () => {
    const machine = new PartitionLeader({
      nodeId: 1,
      partition: partition({ isr: [1, 2] }),
      settings,
      brokerEpochs,
      endOffset: 10,
      epochStartOffset: 10,
      highWatermark: 8,
      nowMs: 0,
    })
    expect(machine.receive({ ...fetches(2, 5), logEndOffset: 10 })).toEqual([])
    expect(machine.highWatermark).toBe(8)
    expect(highWatermarks(machine.receive(fetches(2, 10)))).toEqual([10])
  })
})

describe('min.insync.replicas', () => {
  it('refuses appends before, and acks after, when the ISR is too small; readers see nothing more (KIP-966)', () => {
    const machine = leader({ isr: [1] })
    expect(machine.appendRefusal).toBe(19)
    expect(machine.receive(persisted(10))).toEqual([{ type: 'complete-acks', offset: 10, errorCode: 20 }])
    expect(machine.highWatermark).toBe(0)
    const relaxed = { ...settings, insyncReplicasMin: 1 }
    expect(highWatermarks(machine.receive({ type: 'settings-changed', settings: relaxed }))).toEqual([10])
    expect(machine.appendRefusal).toBe(0)
  })

  it('observed 23: counts as the number of replicas where it is larger', () => {
    expect(leader({ replicas: [1], isr: [1] }, 0, 5).appendRefusal).toBe(0)
    expect(leader({ replicas: [1, 2], isr: [1] }, 0, 5).appendRefusal).toBe(19)
  })
})

describe('the ISR shrinks', () => {
  it('by who has lacked something for too long; trap 13: it counts once it is committed', () => {
    const machine = leader()
    machine.receive(persisted(10))
    machine.receive(fetches(2, 10, 20_000))
    machine.receive(fetches(3, 4, 20_000))
    expect(machine.receive({ type: 'tick', nowMs: 30_000 })).toEqual([])
    const [proposal] = machine.receive({ type: 'tick', nowMs: 40_000 })
    expect(proposal).toEqual({
      type: 'propose-isr',
      leaderEpoch: 5,
      partitionEpoch: 7,
      isr: [
        { brokerId: 1, brokerEpoch: 11n },
        { brokerId: 2, brokerEpoch: 12n },
      ],
      lost: [],
    })
    expect(machine.highWatermark).toBe(4)
    expect(machine.receive({ type: 'tick', nowMs: 50_000 })).toEqual([])
    const smaller = partition({ isr: [1, 2], partitionEpoch: 8 })
    const effects = machine.receive({ type: 'partition-committed', partition: smaller, nowMs: 50_000 })
    expect(highWatermarks(effects)).toEqual([10])
  })

  it('not by who keeps up with a busy leader, always a little behind', () => {
    const machine = leader({ isr: [1, 2] })
    let end = 0
    for (let nowMs = 0; nowMs <= 120_000; nowMs += 500) {
      const before = end
      end += 100
      machine.receive(persisted(end))
      machine.receive(fetches(2, before, nowMs))
      expect(machine.receive({ type: 'tick', nowMs })).toEqual([])
    }
  })

  it('not by who has everything while nothing comes, nor at once when something comes after long silence', () => {
    const machine = leader({ isr: [1, 2] }, 10)
    machine.receive(fetches(2, 10, 0))
    expect(machine.receive({ type: 'tick', nowMs: 1e9 })).toEqual([])
    machine.receive(persisted(20))
    expect(machine.receive({ type: 'tick', nowMs: 1e9 + 29_000 })).toEqual([])
    expect(machine.receive({ type: 'tick', nowMs: 1e9 + 31_000 })).toHaveLength(1)
  })

  it('at once by who lacks what was committed: it has lost it', () => {
    const machine = leader({ isr: [1, 2] }, 10)
    machine.receive(fetches(2, 10))
    expect(machine.highWatermark).toBe(10)
    // What is not persisted yet is no loss.
    expect(machine.receive({ ...fetches(2, 4), logEndOffset: 10 })).toEqual([])
    expect(machine.receive(fetches(2, 4))).toMatchObject([
      { type: 'propose-isr', isr: [{ brokerId: 1 }], lost: [2] },
    ])
  })

  it('names an eligible replica that lacks what was committed, once (KIP-966)', () => {
    const eligible = { isr: [1], eligibleLeaderReplicas: [2] }
    const machine = leader(eligible, 0, 1)
    machine.receive(persisted(10))
    expect(machine.highWatermark).toBe(10)
    expect(machine.receive(fetches(2, 0))).toMatchObject([
      { type: 'propose-isr', isr: [{ brokerId: 1 }], lost: [2] },
    ])
    const told = partition({ isr: [1], eligibleLeaderReplicas: [], partitionEpoch: 8 })
    machine.receive({ type: 'partition-committed', partition: told, nowMs: 2 })
    expect(machine.receive(fetches(2, 0))).toEqual([])
  })

  it('names an eligible replica that does not get on, where nobody knows what is committed', () => {
    const machine = leader({ isr: [1], eligibleLeaderReplicas: [2] }, 10)
    const proposals = (fetchOffset: number) =>
      machine.receive(fetches(2, fetchOffset)).filter(({ type }) => type === 'propose-isr')
    expect([machine.highWatermark, proposals(3), proposals(4)]).toEqual([0, [], []])
    expect(proposals(4)).toMatchObject([{ isr: [{ brokerId: 1 }], lost: [2] }])
  })

  it('names none that waits for what its leader cannot serve', () => {
    const machine = leader({ isr: [1], eligibleLeaderReplicas: [2] }, 10)
    const proposals = () =>
      machine.receive({ ...fetches(2, 4), isLogDamaged: true }).filter(({ type }) => type === 'propose-isr')
    expect([proposals(), proposals()]).toEqual([[], []])
  })

  it('not by what an earlier life of a broker says late', () => {
    const machine = leader({ isr: [1, 2] }, 10)
    machine.receive(fetches(2, 3, 0, 20n))
    expect(machine.receive(fetches(2, 10, 0, 12n))).toEqual([])
    expect(machine.highWatermark).toBe(3)
  })

  it('tries again after a refusal', () => {
    const machine = leader({ isr: [1, 2] }, 10)
    expect(machine.receive({ type: 'tick', nowMs: 31_000 })).toHaveLength(1)
    machine.receive({ type: 'isr-refused' })
    expect(machine.receive({ type: 'tick', nowMs: 31_000 })).toHaveLength(1)
  })
})

describe('the ISR grows', () => {
  it('by who has all that is committed; the newcomer is waited for from the proposal on (trap 13)', () => {
    const machine = leader({ isr: [1, 2] }, 10)
    machine.receive(fetches(2, 10))
    expect(machine.highWatermark).toBe(10)
    expect(machine.receive(fetches(3, 9))).toEqual([])
    expect(machine.receive(fetches(3, 10))).toMatchObject([
      { type: 'propose-isr', isr: [{}, {}, { brokerId: 3 }] },
    ])
    machine.receive(persisted(20))
    expect(machine.receive(fetches(2, 20))).toEqual([])
    expect(highWatermarks(machine.receive(fetches(3, 15)))).toEqual([15])
    const larger = partition({ partitionEpoch: 8 })
    expect(machine.receive({ type: 'partition-committed', partition: larger, nowMs: 0 })).toEqual([])
    expect(highWatermarks(machine.receive(fetches(3, 20)))).toEqual([20])
  })

  it('trap 12: not by a life of a broker that the metadata does not know', () => {
    const machine = leader({ isr: [1, 2] }, 10)
    expect(machine.receive(fetches(3, 10, 0, 99n))).toEqual([])
    const epochs = new Map([...brokerEpochs, [3, 99n]])
    expect(machine.receive({ type: 'brokers-changed', epochs })).toMatchObject([{ type: 'propose-isr' }])
  })

  it('by who stood ready when the last proposal came back, without another fetch', () => {
    const machine = leader({ isr: [1] }, 10, 1)
    machine.receive(fetches(2, 10))
    machine.receive(fetches(3, 10))
    const larger = partition({ isr: [1, 2], partitionEpoch: 8 })
    const effects = machine.receive({ type: 'partition-committed', partition: larger, nowMs: 0 })
    expect(effects).toMatchObject([
      { type: 'propose-isr', partitionEpoch: 8, isr: [{ brokerId: 1 }, { brokerId: 2 }, { brokerId: 3 }] },
    ])
  })

  it('not by who lacks what this replica has but has not persisted since it started', () => {
    const machine = new PartitionLeader({
      nodeId: 1,
      partition: partition({ isr: [1] }),
      settings: { ...settings, insyncReplicasMin: 1 },
      brokerEpochs,
      endOffset: 5,
      epochStartOffset: 10,
      highWatermark: 5,
      nowMs: 0,
    })
    expect(machine.receive(fetches(2, 7))).toEqual([])
    expect(machine.receive(fetches(2, 10))).toMatchObject([{ type: 'propose-isr' }])
  })

  it('not by who lacks what the epoch began with, even where nothing is committed yet', () => {
    const machine = leader({ isr: [1, 2] }, 10)
    expect(machine.highWatermark).toBe(0)
    expect(machine.receive(fetches(3, 5))).toEqual([])
  })

  it('goes on without the newcomer when the quorum refuses', () => {
    const machine = leader({ isr: [1, 2] }, 10)
    machine.receive(fetches(3, 10))
    machine.receive(persisted(20))
    machine.receive(fetches(2, 20))
    expect(machine.highWatermark).toBe(10)
    expect(highWatermarks(machine.receive({ type: 'isr-refused' }))).toEqual([20])
  })
})

describe('commits that come late or twice', () => {
  it('say nothing', () => {
    const machine = leader({ isr: [1, 2] }, 10)
    const old = partition({ leaderEpoch: 4, partitionEpoch: 6 })
    expect(machine.receive({ type: 'partition-committed', partition: old, nowMs: 0 })).toEqual([])
    expect(machine.isr).toEqual([1, 2])
  })

  it('forget replicas that are no more, and believe nothing of new ones', () => {
    const machine = leader({ isr: [1, 2] }, 10)
    const moved = partition({ replicas: [1, 4], isr: [1, 4], partitionEpoch: 8 })
    machine.receive({ type: 'partition-committed', partition: moved, nowMs: 0 })
    expect(machine.receive(fetches(2, 10))).toEqual([])
    expect(highWatermarks(machine.receive(fetches(4, 7)))).toEqual([7])
  })
})

describe('any course of events', () => {
  it('keeps the high watermark below what every in-sync replica has, and never takes it back', () => {
    const event = fc.tuple(fc.nat(5), fc.integer({ min: 2, max: 3 }), fc.nat(20))
    fc.assert(
      fc.property(fc.array(event, { maxLength: 120, size: 'max' }), (events) => {
        const machine = leader({}, 0, 1)
        const has = new Map([
          [1, 0],
          [2, 0],
          [3, 0],
        ])
        let committed = partition()
        let proposal: readonly number[] | null = null
        let nowMs = 0
        for (const [kind, replica, amount] of events) {
          const before = machine.highWatermark
          let effects: readonly LeaderEffect[] = []
          nowMs += 5_000
          if (kind <= 1) {
            has.set(1, (has.get(1) ?? 0) + amount)
            effects = machine.receive(persisted(has.get(1) ?? 0))
          } else if (kind <= 3) {
            const end = Math.min(has.get(1) ?? 0, (has.get(replica) ?? 0) + amount)
            has.set(replica, end)
            effects = machine.receive(fetches(replica, end, nowMs))
          } else if (kind === 4) {
            effects = machine.receive({ type: 'tick', nowMs })
          } else if (proposal !== null) {
            const isr: readonly number[] = amount % 3 === 0 ? committed.isr : proposal
            proposal = null
            if (amount % 3 === 0) effects = machine.receive({ type: 'isr-refused' })
            else {
              committed = { ...committed, isr, partitionEpoch: committed.partitionEpoch + 1 }
              effects = machine.receive({ type: 'partition-committed', partition: committed, nowMs })
            }
          }
          for (const effect of effects) {
            if (effect.type !== 'propose-isr') continue
            expect(proposal).toBeNull()
            expect(effect.partitionEpoch).toBe(committed.partitionEpoch)
            proposal = effect.isr.map(({ brokerId }) => brokerId)
            expect(proposal).toContain(1)
          }
          expect(machine.highWatermark).toBeGreaterThanOrEqual(before)
          // Whoever may be in sync by what the quorum has, or will have if it takes the proposal.
          for (const member of new Set([...committed.isr, ...(proposal ?? [])])) {
            expect(has.get(member) ?? 0).toBeGreaterThanOrEqual(machine.highWatermark)
          }
        }
      }),
      { numRuns: 200 },
    )
  })
})

describe('a fetch that the network has kept', () => {
  it('says nothing once a younger one of the same life has spoken', () => {
    const machine = leader({ isr: [1, 3] }, 0, 1)
    machine.receive(persisted(100))
    machine.receive({ ...fetches(3, 100), order: 1 })
    expect(machine.receive({ ...fetches(2, 100), order: 8 })).toMatchObject([{ type: 'propose-isr' }])
    machine.receive({ type: 'isr-refused' })
    expect(machine.receive({ ...fetches(2, 15), order: 5 })).toEqual([])
    expect(machine.progressOf(2)?.endOffset).toBe(100)
    // It is in sync again as soon as it may be, though it has nothing more to say.
    expect(machine.receive({ type: 'brokers-changed', epochs: brokerEpochs })).toMatchObject([
      { type: 'propose-isr' },
    ])
  })

  it('is believed of a later life, which counts anew, and of one that tells no order', () => {
    const machine = leader({}, 0, 1)
    machine.receive(persisted(100))
    machine.receive({ ...fetches(2, 100), order: 8 })
    machine.receive({ ...fetches(2, 50, 0, 99n), order: 1 })
    expect(machine.progressOf(2)?.endOffset).toBe(50)
    machine.receive(fetches(2, 40, 0, 99n))
    expect(machine.progressOf(2)?.endOffset).toBe(40)
  })
})
