/** What becomes of one partition: elections of every kind, eligible leaders, moves of replicas. */
import { describe, expect, it } from 'vitest'
import type { PartitionImage } from '../../../src/coordination/metadata/image.ts'
import {
  type ChangeFacts,
  changePartition,
  type Election,
  type PartitionTarget,
} from '../../../src/coordination/metadata/partition-change.ts'
import { uuid } from './support.ts'

function partition(change: Partial<PartitionImage> = {}): PartitionImage {
  const replicas = change.replicas ?? [1, 2, 3]
  return {
    replicas,
    directories: replicas.map((id) => uuid(id)),
    isr: replicas,
    removingReplicas: [],
    addingReplicas: [],
    eligibleLeaderReplicas: [],
    lastKnownEligibleLeaderReplicas: [],
    leader: replicas[0] ?? -1,
    leaderRecoveryState: 0,
    leaderEpoch: 5,
    partitionEpoch: 9,
    ...change,
  }
}

function facts(
  active: readonly number[],
  election: Election = 'online',
  change: Partial<ChangeFacts> = {},
): ChangeFacts {
  return {
    isActive: (broker) => active.includes(broker),
    election,
    insyncReplicasMin: 2,
    keepsEligible: false,
    directoryOf: (broker) => uuid(100 + broker),
    ...change,
  }
}

/** The fields that the record changes; null without a record. */
function changes(before: PartitionImage, target: PartitionTarget, with_: ChangeFacts) {
  const record = changePartition(uuid(7), 4, before, target, with_)
  if (record === null) return null
  if (record.type !== 'PartitionChangeRecord') throw new Error(record.type)
  const { partitionId, topicId, ...rest } = record.value
  expect([partitionId, topicId]).toEqual([4, uuid(7)])
  return Object.fromEntries(
    Object.entries(rest).filter(
      ([name, value]) =>
        value !== null &&
        !(name === 'leader' && value === -2) &&
        !(name === 'leaderRecoveryState' && value === -1),
    ),
  )
}

describe('elections', () => {
  it('leave a leader that may lead where it is', () => {
    expect(changes(partition({ leader: 2 }), {}, facts([1, 2, 3]))).toBeNull()
    expect(changes(partition(), { isr: [1, 2] }, facts([1, 2]))).toEqual({ isr: [1, 2] })
  })

  it('go to the first in-sync replica in the order of preference', () => {
    expect(changes(partition({ isr: [3, 2, 1] }), { isr: [3, 2] }, facts([2, 3]))).toEqual({
      isr: [3, 2],
      leader: 2,
    })
    expect(changes(partition(), { isr: [3] }, facts([2, 3]))).toEqual({ isr: [3], leader: 3 })
  })

  it('never make a leader of a replica that is not in sync', () => {
    expect(changes(partition({ isr: [1] }), { isr: [1] }, facts([2, 3]))).toEqual({ leader: -1 })
    expect(changes(partition({ isr: [1], leader: -1 }), {}, facts([2, 3]))).toBeNull()
    expect(changes(partition({ isr: [1], leader: -1 }), {}, facts([1, 2, 3]))).toEqual({ leader: 1 })
  })

  it('take anybody active where the topic allows it, and say so', () => {
    const unclean = changes(partition({ isr: [1], leader: -1 }), {}, facts([2, 3], 'unclean'))
    expect(unclean).toEqual({ leader: 2, isr: [2], leaderRecoveryState: 1 })
    expect(changes(partition({ isr: [1], leader: -1 }), {}, facts([1, 2], 'unclean'))).toEqual({ leader: 1 })
  })

  it('bring the preferred leader back only when it is in sync', () => {
    expect(changes(partition({ leader: 2 }), {}, facts([1, 2, 3], 'preferred'))).toEqual({ leader: 1 })
    expect(changes(partition({ leader: 2, isr: [2, 3] }), {}, facts([1, 2, 3], 'preferred'))).toBeNull()
    expect(changes(partition({ leader: 2 }), {}, facts([2, 3], 'preferred'))).toBeNull()
  })

  it('give a leader of another life another epoch', () => {
    expect(changes(partition(), {}, facts([1, 2, 3], 'online', { renewsLeader: true }))).toEqual({
      leader: 1,
    })
  })
})

describe('eligible leader replicas (KIP-966)', () => {
  const kept = (active: readonly number[], change: Partial<ChangeFacts> = {}): ChangeFacts =>
    facts(active, 'online', { keepsEligible: true, ...change })

  it('are those that leave an ISR that is too small', () => {
    expect(changes(partition(), { isr: [1, 2] }, kept([1, 2]))).toEqual({ isr: [1, 2] })
    expect(changes(partition({ isr: [1, 2] }), { isr: [1] }, kept([1]))).toEqual({
      isr: [1],
      eligibleLeaderReplicas: [2],
    })
  })

  it('are forgotten when the ISR is large enough again', () => {
    const small = partition({ isr: [1], eligibleLeaderReplicas: [2], lastKnownEligibleLeaderReplicas: [3] })
    expect(changes(small, { isr: [1, 3] }, kept([1, 3]))).toEqual({
      isr: [1, 3],
      eligibleLeaderReplicas: [],
      lastKnownElr: [],
    })
  })

  it('hold the last member of the ISR, which may be empty; who led last is remembered', () => {
    const small = partition({ isr: [1], eligibleLeaderReplicas: [2] })
    expect(changes(small, { isr: [] }, kept([]))).toEqual({
      isr: [],
      leader: -1,
      eligibleLeaderReplicas: [2, 1],
      lastKnownElr: [1],
    })
  })

  it('lead, alone in sync, as soon as one is active', () => {
    const empty = partition({
      isr: [],
      leader: -1,
      eligibleLeaderReplicas: [2, 1],
      lastKnownEligibleLeaderReplicas: [2],
    })
    expect(changes(empty, {}, kept([1]))).toEqual({
      leader: 1,
      isr: [1],
      eligibleLeaderReplicas: [2],
      lastKnownElr: [],
    })
  })

  it('do not count brokers that may have lost data', () => {
    const small = partition({ isr: [1], eligibleLeaderReplicas: [2] })
    const lost = kept([1], { lossOf: (id) => (id === 2 ? 'tail' : 'none') })
    expect(changes(small, {}, lost)).toEqual({ eligibleLeaderReplicas: [] })
  })

  it('fall back on the last that led, recorded as a recovery', () => {
    const nobody = partition({ isr: [], leader: -1, lastKnownEligibleLeaderReplicas: [1] })
    expect(changes(nobody, {}, kept([1, 2]))).toMatchObject({ leader: 1, isr: [1], leaderRecoveryState: 1 })
    expect(changes(nobody, {}, kept([2]))).toBeNull()
  })

  it('do not fall back on a broker that came back with another disk, unless nobody else has a log', () => {
    const disk = kept([1, 2], { lossOf: () => 'everything' })
    expect(changes(partition({ isr: [1] }), { isr: [] }, disk)).toEqual({ isr: [], leader: -1 })
    const alone = partition({ replicas: [1], isr: [1] })
    expect(changes(alone, { isr: [] }, { ...disk, isActive: () => false })).toEqual({
      isr: [],
      leader: -1,
      lastKnownElr: [1],
    })
  })
})

describe('moves of replicas', () => {
  const moving = partition({
    replicas: [4, 5, 1, 2],
    isr: [1, 2],
    addingReplicas: [4, 5],
    removingReplicas: [1, 2],
    leader: 1,
  })

  it('wait until all new replicas are in sync', () => {
    expect(changes(moving, { isr: [1, 2, 4] }, facts([1, 2, 4, 5]))).toEqual({ isr: [1, 2, 4] })
  })

  it('end with the last of them: the old ones go, and with them the leader', () => {
    expect(changes(moving, { isr: [1, 2, 4, 5] }, facts([1, 2, 4, 5]))).toEqual({
      isr: [4, 5],
      leader: 4,
      replicas: [4, 5],
      addingReplicas: [],
      removingReplicas: [],
      directories: [uuid(4), uuid(5)],
    })
  })

  it('that leave fewer replicas wait until all of those are in sync, and so take no copy too many', () => {
    const shrinking = partition({ replicas: [2, 3, 1], isr: [1, 2], leader: 1, removingReplicas: [1] })
    const asked = { replicas: [2, 3, 1], removingReplicas: [1] }
    expect(changes(partition({ isr: [1, 2] }), asked, facts([1, 2]))).toMatchObject({ removingReplicas: [1] })
    expect(changes(shrinking, { isr: [2] }, facts([2]))).toEqual({ isr: [2], leader: 2 })
    expect(changes(shrinking, { isr: [1, 2, 3] }, facts([1, 2, 3]))).toMatchObject({
      replicas: [2, 3],
      isr: [2, 3],
      leader: 2,
      removingReplicas: [],
    })
    const one = { ...shrinking, replicas: [4, 3, 1, 2], addingReplicas: [4], removingReplicas: [1, 2] }
    expect(changes(one, { isr: [1, 2, 4] }, facts([1, 2, 4]))).toEqual({ isr: [1, 2, 4] })
  })

  it('that leave as many replicas wait for the new ones alone', () => {
    const replacing = partition({
      replicas: [2, 3, 4, 1],
      isr: [1, 2],
      leader: 1,
      addingReplicas: [4],
      removingReplicas: [1],
    })
    expect(changes(replacing, { isr: [1, 2, 4] }, facts([1, 2, 4]))).toMatchObject({
      replicas: [2, 3, 4],
      isr: [2, 4],
      leader: 2,
    })
  })

  it('renew the epoch of a leader that stays, for replicas have gone', () => {
    const shrinking = partition({ removingReplicas: [3] })
    expect(changes(shrinking, {}, facts([1, 2, 3]))).toMatchObject({
      leader: 1,
      replicas: [1, 2],
      isr: [1, 2],
    })
  })

  it('give new replicas the directory that their broker has', () => {
    const target = { replicas: [1, 4], addingReplicas: [4] }
    expect(changes(partition({ replicas: [1] }), target, facts([1, 4]))).toMatchObject({
      directories: [uuid(1), uuid(104)],
    })
  })
})
