/** Commands about partitions that exist: their ISR, their leaders, where their replicas lie. */
import { describe, expect, it } from 'vitest'
import { decideAlterPartition } from '../../../../src/coordination/metadata/decide/alter-partition.ts'
import { decideAlterPartitionReassignments } from '../../../../src/coordination/metadata/decide/alter-partition-reassignments.ts'
import { decideBrokerHeartbeat } from '../../../../src/coordination/metadata/decide/broker-heartbeat.ts'
import { decideElectLeaders } from '../../../../src/coordination/metadata/decide/elect-leaders.ts'
import { decideFenceBroker } from '../../../../src/coordination/metadata/decide/fence-broker.ts'
import { listPartitionReassignments } from '../../../../src/coordination/metadata/describe/list-partition-reassignments.ts'
import { type MetadataImage, topicByName } from '../../../../src/coordination/metadata/image.ts'
import { applied, cluster, heartbeat, node, withTopic } from '../support.ts'

function only(image: MetadataImage, index = 0) {
  const partition = topicByName(image, 't')?.partitions.get(index)
  if (partition === undefined) throw new Error('no such partition')
  return partition
}

const trio = withTopic(cluster(null, null, null, null), 't', { assignments: [[1, 2, 3]] })

interface Asked {
  leader?: number
  brokerEpoch?: bigint
  leaderEpoch?: number
  partitionEpoch?: number
  isr?: readonly (readonly [number, bigint])[]
  recovery?: number
  topicId?: string
  index?: number
}

function alter(image: MetadataImage, asked: Asked) {
  const leader = asked.leader ?? 1
  const isr = asked.isr ?? [[1, 1n] as const, [2, 2n] as const]
  return decideAlterPartition(
    image,
    {
      brokerId: leader,
      brokerEpoch: asked.brokerEpoch ?? BigInt(leader),
      topics: [
        {
          topicId: asked.topicId ?? topicByName(image, 't')?.id ?? '',
          partitions: [
            {
              partitionIndex: asked.index ?? 0,
              leaderEpoch: asked.leaderEpoch ?? 0,
              newIsr: [],
              newIsrWithEpochs: isr.map(([brokerId, brokerEpoch]) => ({ brokerId, brokerEpoch })),
              leaderRecoveryState: asked.recovery ?? 0,
              partitionEpoch: asked.partitionEpoch ?? 0,
            },
          ],
        },
      ],
    },
    node,
  )
}

function codeOf(image: MetadataImage, asked: Asked): number | undefined {
  const { reply, records } = alter(image, asked)
  if (reply.errorCode !== 0) return reply.errorCode
  expect(records).toEqual([])
  return reply.topics[0]?.partitions[0]?.errorCode
}

describe('AlterPartition', () => {
  it('commits what the leader saw, and answers the partition as it is now', () => {
    const { reply, records } = alter(trio, {})
    expect(reply.topics[0]?.partitions[0]).toMatchObject({
      errorCode: 0,
      leaderId: 1,
      isr: [1, 2],
      partitionEpoch: 1,
    })
    expect(only(applied(trio, records))).toMatchObject({
      isr: [1, 2],
      leader: 1,
      leaderEpoch: 0,
      partitionEpoch: 1,
    })
  })

  const fenced = applied(trio, decideFenceBroker(trio, { brokerId: 3, brokerEpoch: 3n }, node).records)

  it.each<[string, MetadataImage, Asked, number]>([
    ['a broker of another life', trio, { brokerEpoch: 9n }, 77],
    ['an unknown topic', trio, { topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }, 100],
    ['an unknown partition', trio, { index: 5 }, 3],
    ['an older leader epoch', applied(trio, electAway()), { leaderEpoch: 0, partitionEpoch: 1 }, 74],
    ['a leader epoch not known yet', trio, { leaderEpoch: 1 }, 41],
    ['who does not lead', trio, { leader: 2 }, 42],
    ['an older partition epoch', fenced, { partitionEpoch: 0 }, 95],
    ['a partition epoch not known yet', trio, { partitionEpoch: 4 }, 41],
    ['a set without members', trio, { isr: [] }, 42],
    [
      'a set with strangers',
      trio,
      {
        isr: [
          [1, 1n],
          [4, 4n],
        ],
      },
      42,
    ],
    [
      'a set that names one twice',
      trio,
      {
        isr: [
          [1, 1n],
          [1, 1n],
        ],
      },
      42,
    ],
    ['a recovery that nobody began', trio, { recovery: 1, isr: [[1, 1n]] }, 42],
    [
      'fenced replicas',
      fenced,
      {
        partitionEpoch: 1,
        isr: [
          [1, 1n],
          [3, 3n],
        ],
      },
      107,
    ],
    [
      'replicas of another life (KIP-903)',
      trio,
      {
        isr: [
          [1, 1n],
          [2, 7n],
        ],
      },
      107,
    ],
  ])('refuses %s', (_, image, asked, code) => {
    expect(codeOf(image, asked)).toBe(code)
  })

  it('lets a leader go that leaves itself out', () => {
    const { reply, records } = alter(trio, {
      isr: [
        [2, 2n],
        [3, 3n],
      ],
    })
    expect(reply.topics[0]?.partitions[0]?.errorCode).toBe(108)
    expect(only(applied(trio, records))).toMatchObject({ isr: [2, 3], leader: 2, leaderEpoch: 1 })
  })

  function electAway() {
    return decideFenceBroker(trio, { brokerId: 1, brokerEpoch: 1n }, node).records
  }

  it('tells a leader that it has lost its epoch by the end of a move', () => {
    const moving = applied(trio, reassign(trio, [2, 4]).records)
    const isr = [
      [1, 1n],
      [2, 2n],
      [3, 3n],
      [4, 4n],
    ] as const
    const { reply, records } = alter(moving, { partitionEpoch: only(moving).partitionEpoch, isr })
    expect(reply.topics[0]?.partitions[0]?.errorCode).toBe(108)
    expect(only(applied(moving, records))).toMatchObject({
      replicas: [2, 4],
      isr: [2, 4],
      leader: 2,
      leaderEpoch: 1,
    })
  })
})

function reassign(
  image: MetadataImage,
  replicas: readonly number[] | null,
  allowsFactorChange = true,
  index = 0,
) {
  const topics = [{ name: 't', partitions: [{ partitionIndex: index, replicas }] }]
  return decideAlterPartitionReassignments(
    image,
    { timeoutMs: 1000, allowReplicationFactorChange: allowsFactorChange, topics },
    node,
  )
}

function verdict(decision: ReturnType<typeof reassign>) {
  return decision.reply.responses[0]?.partitions[0]?.errorCode
}

describe('AlterPartitionReassignments', () => {
  it('keeps old and new replicas until the new ones are in sync', () => {
    const moving = applied(trio, reassign(trio, [4, 1]).records)
    expect(only(moving)).toMatchObject({
      replicas: [4, 1, 2, 3],
      addingReplicas: [4],
      removingReplicas: [2, 3],
      isr: [1, 2, 3],
      leader: 1,
    })
    const listed = listPartitionReassignments(moving, { timeoutMs: 0, topics: null })
    expect(listed.topics).toMatchObject([
      { name: 't', partitions: [{ partitionIndex: 0, addingReplicas: [4] }] },
    ])
    expect(listPartitionReassignments(trio, { timeoutMs: 0, topics: null }).topics).toEqual([])
  })

  it('ends at once where only replicas go', () => {
    expect(only(applied(trio, reassign(trio, [2, 3]).records))).toMatchObject({
      replicas: [2, 3],
      isr: [2, 3],
      leader: 2,
      leaderEpoch: 1,
      addingReplicas: [],
      removingReplicas: [],
    })
  })

  it('overrules a move under way, and takes one back', () => {
    const moving = applied(trio, reassign(trio, [4, 1]).records)
    const other = applied(moving, reassign(moving, [1, 2, 4]).records)
    expect(only(other)).toMatchObject({ replicas: [1, 2, 4, 3], addingReplicas: [4], removingReplicas: [3] })
    const back = applied(moving, reassign(moving, null).records)
    expect(only(back)).toMatchObject({
      replicas: [1, 2, 3],
      addingReplicas: [],
      removingReplicas: [],
      isr: [1, 2, 3],
    })
  })

  it('refuses what would lose data', () => {
    const single = withTopic(cluster(null, null, null, null), 't', { assignments: [[1]] })
    const moving = applied(single, reassign(single, [2]).records)
    const onlyNew = { ...only(moving), isr: [2], leader: 2 }
    const topic = topicByName(moving, 't')
    if (topic === undefined) throw new Error('no topic')
    const image = {
      ...moving,
      topics: moving.topics.with(topic.id, { ...topic, partitions: topic.partitions.with(0, onlyNew) }),
    }
    expect(verdict(reassign(image, null))).toBe(39)
  })

  it.each([
    ['cancelling nothing (observed 28)', trio, null, true, 0, 85],
    ['an unknown broker (observed 28)', trio, [9], true, 0, 39],
    ['one broker twice', trio, [1, 1], true, 0, 39],
    ['no replicas', trio, [], true, 0, 39],
    ['another number of replicas where that is not allowed', trio, [1, 2], false, 0, 38],
    ['an unknown partition', trio, [1], true, 7, 3],
  ] as const)('refuses %s', (_, image, replicas, allowed, index, code) => {
    const decision = reassign(image, replicas, allowed, index)
    expect([verdict(decision), decision.records]).toEqual([code, []])
  })
})

describe('ElectLeaders', () => {
  const elect = (image: MetadataImage, electionType: number, asked: readonly number[] | null = [0]) =>
    decideElectLeaders(
      image,
      {
        electionType,
        timeoutMs: 1000,
        topicPartitions: asked === null ? null : [{ topic: 't', partitions: asked }],
      },
      node,
    )
  const codes = (decision: ReturnType<typeof elect>) =>
    decision.reply.replicaElectionResults[0]?.partitionResult.map((result) => result.errorCode)
  const moved = applied(trio, decideFenceBroker(trio, { brokerId: 1, brokerEpoch: 1n }, node).records)

  it('says where none is needed (observed 28), where it cannot be, and where nothing is', () => {
    expect(codes(elect(trio, 0, [0, 8]))).toEqual([84, 3])
    expect(codes(elect(moved, 0))).toEqual([80])
    expect(codes(elect(moved, 1))).toEqual([84])
    expect(elect(trio, 7).reply.errorCode).toBe(42)
  })

  it('brings the preferred leader back', () => {
    const partition = { ...only(trio), leader: 2 }
    const topic = topicByName(trio, 't')
    if (topic === undefined) throw new Error('no topic')
    const image = {
      ...trio,
      topics: trio.topics.with(topic.id, { ...topic, partitions: topic.partitions.with(0, partition) }),
    }
    const decision = elect(image, 0, null)
    expect(codes(decision)).toEqual([0])
    expect(only(applied(image, decision.records)).leader).toBe(1)
    expect(elect(trio, 0, null).reply.replicaElectionResults).toEqual([])
  })

  it('makes an unclean leader when an operator asks for one', () => {
    const lost = [1, 2].reduce(
      (image, brokerId) => {
        const alone = withTopicOn(image)
        return applied(
          alone,
          decideFenceBroker(alone, { brokerId, brokerEpoch: BigInt(brokerId) }, node).records,
        )
      },
      cluster(null, null, null),
    )
    expect(only(lost).leader).toBe(3)
    const gone = applied(lost, decideFenceBroker(lost, { brokerId: 3, brokerEpoch: 3n }, node).records)
    expect(only(gone)).toMatchObject({ leader: -1, isr: [], eligibleLeaderReplicas: [3] })
    expect(codes(elect(gone, 1))).toEqual([83])
    const back = applied(gone, decideBrokerHeartbeat(gone, heartbeat(2, 2n), node).records)
    expect(only(back)).toMatchObject({ leader: -1, isr: [] })
    const decision = elect(back, 1)
    expect(codes(decision)).toEqual([0])
    expect(only(applied(back, decision.records))).toMatchObject({
      leader: 2,
      isr: [2],
      leaderRecoveryState: 1,
    })
  })

  function withTopicOn(image: MetadataImage): MetadataImage {
    return image.topicIds.has('t') ? image : withTopic(image, 't', { assignments: [[1, 2, 3]] })
  }
})
