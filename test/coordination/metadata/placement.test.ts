/** Placement: racks apart, leaders even, fenced brokers last. */
import { describe, expect, it } from 'vitest'
import { type PlacementBroker, placePartitions } from '../../../src/coordination/metadata/placement.ts'
import { cluster, withTopic } from './support.ts'

function broker(id: number, facts: Partial<PlacementBroker> = {}): PlacementBroker {
  return { id, rack: null, fenced: false, leaders: 0, replicas: 0, ...facts }
}

function placed(brokers: readonly PlacementBroker[], partitions: number, factor: number) {
  const placement = placePartitions(brokers, partitions, factor)
  if (!placement.ok) throw new Error(placement.problem.errorMessage ?? '')
  return placement.assignments
}

function counts(values: readonly number[]): number[] {
  return [...Map.groupBy(values, (value) => value).values()].map((group) => group.length)
}

describe('placePartitions', () => {
  it('spreads leaders and replicas evenly', () => {
    const assignments = placed(
      [1, 2, 3, 4].map((id) => broker(id)),
      40,
      3,
    )
    expect(counts(assignments.map((replicas) => replicas[0] ?? -1))).toEqual([10, 10, 10, 10])
    expect(counts(assignments.flat())).toEqual([30, 30, 30, 30])
    expect(assignments.every((replicas) => new Set(replicas).size === 3)).toBe(true)
  })

  it('puts replicas on different racks while there are racks left', () => {
    const brokers = [1, 2, 3, 4, 5, 6].map((id) => broker(id, { rack: `rack-${id % 3}` }))
    for (const replicas of placed(brokers, 30, 3)) {
      expect(new Set(replicas.map((id) => id % 3)).size).toBe(3)
    }
    for (const replicas of placed(brokers, 30, 4)) {
      expect(new Set(replicas.map((id) => id % 3)).size).toBe(3)
    }
  })

  it('gives new leaders to brokers that lead little', () => {
    const brokers = [
      broker(1, { leaders: 5, replicas: 5 }),
      broker(2),
      broker(3, { leaders: 4, replicas: 4 }),
    ]
    expect(placed(brokers, 4, 1).flat()).toEqual([2, 2, 2, 2])
  })

  it('keeps many topics of one partition as balanced as one topic of many', () => {
    let image = cluster(null, null, null)
    for (let n = 0; n < 30; n++) image = withTopic(image, `t-${n}`, { factor: 2 })
    expect([...image.loads]).toEqual([
      [1, { replicas: 20, leaders: 10 }],
      [2, { replicas: 20, leaders: 10 }],
      [3, { replicas: 20, leaders: 10 }],
    ])
  })

  it('uses fenced brokers last, and never leads with one while another is there', () => {
    const brokers = [broker(1, { fenced: true }), broker(2), broker(3)]
    expect(placed(brokers, 6, 2).flat()).not.toContain(1)
    expect(placed(brokers, 6, 3).every((replicas) => replicas[2] === 1)).toBe(true)
  })

  it.each([
    [[], 1, 'The target replication factor of 1 cannot be reached because only 0 broker(s) are registered'],
    [
      [broker(1)],
      2,
      'The target replication factor of 2 cannot be reached because only 1 broker(s) are registered',
    ],
    [[broker(1, { fenced: true })], 1, 'All brokers are currently fenced.'],
  ])('says why it cannot place (%#)', (brokers, factor, reason) => {
    const placement = placePartitions(brokers, 1, factor)
    expect(placement.ok).toBe(false)
    if (placement.ok) return
    expect(placement.problem.errorCode).toBe(38)
    expect(placement.problem.errorMessage).toContain(
      `Unable to replicate the partition ${factor} time(s): ${reason}`,
    )
  })
})
