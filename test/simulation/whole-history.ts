/** A history without fault, for tests to spoil: two sends that stand in the log, three disks, a quorum, a group. */
import { apply } from '../../src/coordination/metadata/apply.ts'
import { emptyImage, type MetadataImage } from '../../src/coordination/metadata/image.ts'
import type { MetadataRecord } from '../../src/coordination/metadata/record.ts'
import {
  type FinalLog,
  History,
  type IsrProposal,
  type RecordCut,
  type SeenBatch,
  type SentRecords,
  type StoppedReplica,
  type StoppedSegment,
} from '../../src/simulation/history.ts'

export const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ'
export const disks = ['', 'disk-of-one', 'disk-of-two', 'disk-of-three']

export function sent(labels: readonly string[], more: Partial<SentRecords> = {}): SentRecords {
  return {
    writer: 'w',
    topic: 't',
    partition: 0,
    acks: -1,
    isPatient: true,
    labels,
    invokedMs: 10,
    outcome: 'acknowledged',
    endedMs: 20,
    baseOffset: 0,
    error: null,
    ...more,
  }
}

export function read(offset: number, label: string, reader = 'r') {
  return { reader, topic: 't', partition: 0, offset, label, atMs: 30, highWatermark: offset + 1 }
}

export function batch(baseOffset: number, count = 1, leaderEpoch = 0): SeenBatch {
  return { baseOffset, lastOffset: baseOffset + count - 1, leaderEpoch, checksum: 7_000 + baseOffset }
}

export function logOf(
  labels: readonly string[],
  offsets = labels.map((_, index) => index),
  batches = [batch(0, 2), batch(2)],
): FinalLog {
  const bytes = Buffer.from(labels.join())
  return {
    topic: 't',
    partition: 0,
    records: labels.map((label, index) => ({
      label,
      offset: offsets[index] ?? -1,
      timestampMs: 1_000 + index,
    })),
    batches,
    startOffset: 0,
    replicas: new Map([
      [1, bytes],
      [2, Buffer.from(bytes)],
    ]),
  }
}

/** What `records` make of an image. */
export function changed(image: MetadataImage, ...records: readonly MetadataRecord[]): MetadataImage {
  const applied = apply(image, records)
  if (!applied.ok) throw new Error(applied.problem.reason)
  return applied.image
}

function brokerRecord(brokerId: number): MetadataRecord {
  return {
    type: 'RegisterBrokerRecord',
    value: {
      brokerId,
      isMigratingZkBroker: false,
      incarnationId: TOPIC_ID,
      brokerEpoch: BigInt(brokerId),
      endPoints: [],
      features: [],
      rack: null,
      fenced: false,
      inControlledShutdown: false,
      logDirs: [disks[brokerId] ?? ''],
      cordonedLogDirs: null,
    },
  }
}

/** Three brokers, and a partition that node 1 leads with all three in sync. */
export const firstImage: MetadataImage = changed(
  emptyImage,
  ...[1, 2, 3].map(brokerRecord),
  { type: 'TopicRecord', value: { name: 't', topicId: TOPIC_ID } },
  {
    type: 'PartitionRecord',
    value: {
      partitionId: 0,
      topicId: TOPIC_ID,
      replicas: [1, 2, 3],
      isr: [1, 2, 3],
      removingReplicas: [],
      addingReplicas: [],
      leader: 1,
      leaderRecoveryState: 0,
      leaderEpoch: 0,
      partitionEpoch: 0,
      directories: disks.slice(1),
      eligibleLeaderReplicas: null,
      lastKnownElr: null,
    },
  },
)

/** A record that changes the partition; what is not named stays. */
export function partitionChange(value: {
  readonly leader?: number
  readonly isr?: readonly number[]
  readonly leaderRecoveryState?: number
}): MetadataRecord {
  return {
    type: 'PartitionChangeRecord',
    value: {
      partitionId: 0,
      topicId: TOPIC_ID,
      isr: null,
      leader: -2,
      replicas: null,
      removingReplicas: null,
      addingReplicas: null,
      leaderRecoveryState: -1,
      directories: null,
      eligibleLeaderReplicas: null,
      lastKnownElr: null,
      ...value,
    },
  }
}

const METADATA = { topic: '__cluster_metadata', partition: 0 }

function replicaOf(node: number, place: { topic: string; partition: number }, batches: readonly SeenBatch[]) {
  const directoryId = disks[node] ?? null
  const held = { batches, count: batches.length, startOffset: 0, cleanedOffset: 0, isWhole: true }
  return { ...place, node, directoryId, ...held }
}

/** All disks at a moment, with `batches` of the partition on the nodes that are named. */
export function sightOf(atMs: number, batches: readonly SeenBatch[], nodes: readonly number[] = [1, 2, 3]) {
  const place = { topic: 't', partition: 0 }
  return {
    atMs,
    replicas: [1, 2, 3].flatMap((node) => [
      replicaOf(node, METADATA, [batch(0, 1, 1), batch(1, 1, 1)]),
      replicaOf(node, place, nodes.includes(node) ? batches : []),
    ]),
  }
}

/** A replica as its broker left it: one producer sent both batches, another one what retention has deleted. */
export function stoppedOn(node: number, more: Partial<StoppedReplica> = {}): StoppedReplica {
  const produced = [
    { producerId: 7n, lastSequence: 1, lastOffset: 1 },
    { producerId: 7n, lastSequence: 2, lastOffset: 2 },
  ]
  return {
    topic: 't',
    partition: 0,
    node,
    isCompacted: false,
    startOffset: 0,
    batches: [batch(0, 2), batch(2)],
    produced,
    epochs: [{ epoch: 0, startOffset: 0 }],
    remembered: [{ producerId: 6n, lastSequence: 9, lastOffset: -1 }, ...produced],
    ...more,
  }
}

/** A segment as its broker left it: the second of three batches is the youngest. */
export function segmentOn(node: number, more: Partial<StoppedSegment> = {}): StoppedSegment {
  return {
    topic: 't',
    partition: 0,
    node,
    baseOffset: 0,
    batches: [
      { lastOffset: 1, position: 0, maxTimestampMs: 1_000 },
      { lastOffset: 2, position: 90, maxTimestampMs: 1_002 },
      { lastOffset: 5, position: 180, maxTimestampMs: 1_001 },
    ],
    offsetEntries: [{ offset: 5, position: 180 }],
    timeEntries: [
      { timestampMs: 1_000, offset: 1 },
      { timestampMs: 1_002, offset: 2 },
    ],
    ...more,
  }
}

/** The leader proposes that those are in sync, as things are after the last change of the whole history. */
export function proposalOf(atMs: number, nodes: readonly number[]): IsrProposal {
  const isr = nodes.map((node) => ({ brokerId: node, brokerEpoch: BigInt(node) }))
  return { atMs, topicId: TOPIC_ID, partition: 0, leaderEpoch: 0, partitionEpoch: 1, isr }
}

/** All below `offset` was cut off by node 1. */
export function cutAt(confirmedMs: number, offset = 1): RecordCut {
  return { topic: 't', partition: 0, offset, leader: 1, invokedMs: confirmedMs - 10, confirmedMs }
}

export function whole(): History {
  const history = new History()
  history.topics.set('t', { disksMin: 2, isBrief: false })
  history.healedMs = 1_000
  history.sends.push(sent(['w:0', 'w:1']), sent(['w:2'], { baseOffset: 2, invokedMs: 20, endedMs: 25 }))
  history.reads.push(read(0, 'w:0'), read(1, 'w:1'))
  history.endReads.push({ topic: 't', partition: 0, endOffset: 3, invokedMs: 26, endedMs: 27 })
  history.commits.push({ group: 'g', offset: 3, invokedMs: 1, acknowledgedMs: 2 })
  history.offsetReads.push({ group: 'g', offset: 3, invokedMs: 5 })
  history.joins.push(
    { group: 'g', member: 'a', generation: 1, share: ['t-0'], invokedMs: 1, endedMs: 2 },
    { group: 'g', member: 'b', generation: 2, share: ['t-0'], invokedMs: 3, endedMs: 4 },
  )
  history.commits.push({ group: 'g t-0', offset: 1, invokedMs: 3, acknowledgedMs: 5, generation: 1 })
  history.startReads.push({ topic: 't', partition: 0, startOffset: 0, invokedMs: 26, endedMs: 27 })
  history.keyedSends.push(
    { topic: 'k', partition: 0, records: [{ key: 'a', label: 'v0' }], baseOffset: 0 },
    {
      topic: 'k',
      partition: 0,
      records: [
        { key: 'a', label: 'v1' },
        { key: 'b', label: null },
      ],
      baseOffset: 1,
    },
  )
  history.keyedLogs.push({
    topic: 'k',
    partition: 0,
    node: 1,
    records: [{ offset: 1, key: 'a', label: 'v1' }],
  })
  history.timeLookups.push({ topic: 't', partition: 0, timestampMs: 1_001, offset: 1 })
  history.milestones.push({ what: 'all are in sync', tookMs: 5, limitMs: 10 })
  history.metadataChanges.push({ what: { kind: 'create', topic: 't' }, invokedMs: 0, confirmedMs: 1 })
  for (const node of [1, 2, 3]) history.toldTopics.set(node, ['t 1'])
  history.finalLogs.push(logOf(['w:0', 'w:1', 'w:2']))
  for (const node of [1, 2, 3])
    for (const one of [batch(0, 2), batch(2)])
      history.writtenBatches.push({ ...one, topic: 't', partition: 0, node })
  for (const node of [1, 2, 3]) {
    history.stoppedReplicas.push(stoppedOn(node))
    history.stoppedSegments.push(segmentOn(node))
  }
  history.sights.push(sightOf(15, []), sightOf(40, [batch(0, 2), batch(2)]))
  history.metadataStates = [
    { endOffset: 1, epoch: 1, seenMs: 1, image: firstImage },
    { endOffset: 2, epoch: 1, seenMs: 35, image: changed(firstImage, partitionChange({ isr: [1, 2] })) },
  ]
  for (const node of [1, 2, 3]) {
    history.metadataLogs.set(node, [batch(0, 1, 1), batch(1, 1, 1)])
    history.brokersKnown.push({ node, atMs: 1, brokers: firstImage.brokers })
  }
  for (const [voter, anyDisk] of [
    ['node 1 on its disk', 'node 1'],
    ['node 2 on its disk', 'node 2'],
  ] as const)
    history.votes.push({ epoch: 1, voter, anyDisk, candidate: 1, onDisk: { epoch: 1, candidate: 1 } })
  history.votesAsked.push(
    { epoch: 1, voter: 'node 1 on its disk', candidate: 1 },
    { epoch: 1, voter: 'node 2', candidate: 1 },
  )
  history.proposals.push(proposalOf(40, [1, 2]))
  history.leaders.push(
    { epoch: 1, leader: 1, follower: 2, highWatermark: 0, atMs: 2 },
    { epoch: 1, leader: 1, follower: 2, highWatermark: 2, atMs: 36 },
  )
  return history
}
