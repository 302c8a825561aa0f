import { describe, expect, it } from 'vitest'
import { ClusterCounts } from '../../../src/broker/controller/cluster-counts.ts'
import { electionOutcome } from '../../../src/broker/controller/controller-metrics.ts'
import type { PartitionImage } from '../../../src/coordination/metadata/image.ts'
import type { MetadataRecord } from '../../../src/coordination/metadata/record.ts'
import { applied, cluster, withTopic } from '../../coordination/metadata/support.ts'

const base: PartitionImage = {
  replicas: [1, 2, 3],
  directories: [],
  isr: [1, 2],
  removingReplicas: [],
  addingReplicas: [],
  eligibleLeaderReplicas: [3],
  lastKnownEligibleLeaderReplicas: [],
  leader: 1,
  leaderRecoveryState: 0,
  leaderEpoch: 4,
  partitionEpoch: 9,
}

function outcome(before: Partial<PartitionImage> | null, after: Partial<PartitionImage> | null) {
  return electionOutcome({
    topicName: 't',
    topicId: 'id',
    partition: 0,
    before: before === null ? undefined : { ...base, ...before },
    after: after === null ? undefined : { ...base, ...after },
  })
}

describe('controller metrics', () => {
  it('tells elections apart by where the new leader came from', () => {
    expect(outcome({}, { leader: 2 })).toBe('in-sync')
    expect(outcome({}, { leader: 3 })).toBe('eligible')
    expect(outcome({ eligibleLeaderReplicas: [] }, { leader: 3, leaderRecoveryState: 1 })).toBe('unclean')
    expect(outcome({ leader: -1, isr: [2] }, { leader: 2 })).toBe('in-sync')
  })

  it('counts no election where no leader was elected', () => {
    expect(outcome({}, { isr: [1] })).toBeNull()
    expect(outcome({}, { leader: -1 })).toBeNull()
    expect(outcome(null, {})).toBeNull()
    expect(outcome({}, null)).toBeNull()
  })

  it('counts an image once, and another one anew', () => {
    let image = withTopic(cluster(null, null, null), 'a', {
      assignments: [
        [1, 2, 3],
        [2, 3, 1],
      ],
    })
    const counts = new ClusterCounts(2, () => image)
    const first = counts.counts
    expect(first).toEqual({
      activeBrokers: 3,
      fencedBrokers: 0,
      leavingBrokers: 0,
      partitions: 2,
      offline: 0,
      imbalanced: 0,
      reassigningHere: 0,
    })
    expect(counts.counts).toBe(first)
    const [topic] = image.topics.values()
    const change = (partitionId: number, leader: number, removing: readonly number[]): MetadataRecord => ({
      type: 'PartitionChangeRecord',
      value: {
        partitionId,
        topicId: topic?.id ?? '',
        isr: null,
        leader,
        replicas: null,
        removingReplicas: [...removing],
        addingReplicas: null,
        leaderRecoveryState: -1,
        directories: null,
        eligibleLeaderReplicas: null,
        lastKnownElr: null,
      },
    })
    image = applied(image, [change(0, -1, []), change(1, 2, [1])])
    expect(counts.counts).toMatchObject({ partitions: 2, offline: 1, imbalanced: 1, reassigningHere: 1 })
  })
})
