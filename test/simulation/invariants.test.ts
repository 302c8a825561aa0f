/** Every invariant can fail: a history that breaks it, and only it where that can be. */
import { describe, expect, it } from 'vitest'
import type { History } from '../../src/simulation/history.ts'
import { invariants } from '../../src/simulation/invariants/index.ts'
import {
  batch,
  changed,
  cutAt,
  firstImage,
  logOf,
  partitionChange,
  proposalOf,
  read,
  segmentOn,
  sent,
  sightOf,
  stoppedOn,
  whole,
} from './whole-history.ts'

function broken(history: History): string[] {
  return Object.keys(invariants).filter((name) => (invariants[name]?.(history) ?? []).length > 0)
}

const breaks: readonly (readonly [string, (history: History) => void])[] = [
  ['no acknowledged record is lost', (history) => history.finalLogs.splice(0, 1, logOf(['w:0', 'w:1']))],
  [
    'nothing is there that nobody sent',
    (history) => history.finalLogs.splice(0, 1, logOf(['w:0', 'w:1', 'w:2', '?x'])),
  ],
  ['an offset names one record', (history) => history.reads.push(read(0, 'w:1', 's'))],
  [
    'offsets are contiguous',
    (history) => {
      history.sends.push(sent(['w:3'], { outcome: 'unknown', baseOffset: -1 }))
      history.finalLogs.splice(0, 1, logOf(['w:0', 'w:1', 'w:2', 'w:3'], [0, 1, 2, 4]))
    },
  ],
  [
    'records of a producer keep their order',
    (history) => {
      history.sends.reverse()
    },
  ],
  [
    'no record stands twice',
    (history) => history.finalLogs.splice(0, 1, logOf(['w:0', 'w:1', 'w:2', 'w:2'])),
  ],
  ['readers see every offset once, in order', (history) => history.reads.push(read(1, 'w:1'))],
  [
    'what was read stays',
    (history) => {
      history.sends.push(sent(['w:3'], { outcome: 'unknown', baseOffset: -1 }))
      history.reads.push({ ...read(3, 'w:3', 's'), atMs: 60 })
    },
  ],
  ['replicas are equal', (history) => history.finalLogs[0]?.replicas.get(2)?.fill(0)],
  [
    'what was refused is not there',
    (history) => {
      history.sends.splice(1, 1, sent(['w:2'], { outcome: 'refused', isPatient: false, baseOffset: -1 }))
    },
  ],
  [
    'patient producers succeed',
    (history) => {
      const error = { code: 'OUT_OF_ORDER_SEQUENCE_NUMBER', isRetriable: false }
      history.sends.push(sent(['w:3'], { outcome: 'unknown', baseOffset: -1, error }))
    },
  ],
  [
    'ends never step back',
    (history) =>
      history.endReads.push({ topic: 't', partition: 0, endOffset: 2, invokedMs: 28, endedMs: 29 }),
  ],
  [
    'replicas in sync have what is committed',
    (history) => history.sights.splice(1, 0, sightOf(30, [batch(0, 2), batch(2)], [1, 2])),
  ],
  [
    'who is proposed as in sync has what is committed',
    (history) => {
      history.sights.push(sightOf(41, [batch(0, 2), batch(2)], [1, 2]))
      history.proposals.push(proposalOf(41, [1, 2, 3]))
    },
  ],
  [
    'only what is committed goes',
    (history) => {
      const sight = sightOf(41, [batch(0, 2), batch(2)])
      const replicas = sight.replicas.map((replica) =>
        replica.topic === 't' && replica.node === 3 ? { ...replica, cleanedOffset: 4 } : replica,
      )
      history.sights.push({ ...sight, replicas })
    },
  ],
  [
    'newcomers to the in-sync set were proposed',
    (history) => {
      const wider = (nodes: readonly number[]) =>
        changed(history.metadataStates.at(-1)?.image ?? firstImage, partitionChange({ isr: nodes }))
      history.leaders.push({ epoch: 2, leader: 3, follower: 1, highWatermark: 2, atMs: 41 })
      history.metadataStates = [
        ...history.metadataStates,
        { endOffset: 3, epoch: 2, seenMs: 42, image: wider([1, 2, 3]) },
      ]
    },
  ],
  [
    'only who is asked votes',
    (history) =>
      history.votes.push({
        epoch: 1,
        voter: 'node 3 on another disk',
        anyDisk: 'node 3',
        candidate: 1,
        onDisk: { epoch: 1, candidate: 1 },
      }),
  ],
  [
    'what is derived from a log agrees with it',
    (history) =>
      history.stoppedReplicas.splice(1, 1, stoppedOn(2, { epochs: [{ epoch: 1, startOffset: 2 }] })),
  ],
  [
    'indexes agree with their segments',
    (history) =>
      history.stoppedSegments.splice(1, 1, segmentOn(2, { offsetEntries: [{ offset: 5, position: 90 }] })),
  ],
  [
    'leader epoch and offset name one batch',
    (history) => history.writtenBatches.push({ ...batch(2), checksum: 1, topic: 't', partition: 0, node: 3 }),
  ],
  [
    'leader epochs grow',
    (history) => {
      const [first] = history.metadataStates
      if (first !== undefined)
        history.metadataStates = [...history.metadataStates, { ...first, endOffset: 3 }]
    },
  ],
  [
    'what is acknowledged lies on enough disks',
    (history) => {
      // Nobody is in sync but node 1, so that only the number of disks is wrong.
      const image = changed(firstImage, partitionChange({ isr: [1] }))
      history.metadataStates = [{ endOffset: 1, epoch: 1, seenMs: 1, image }]
      history.sights.push(sightOf(40, [batch(0, 2), batch(2)], [1]))
    },
  ],
  ['elections are clean', (history) => elect(history, [1], 3)],
  [
    'a deposed leader acknowledges nothing',
    (history) => {
      history.finalLogs.splice(0, 1, logOf(['w:0', 'w:1', 'w:2'], [0, 1, 2], [batch(0, 2, 1), batch(2)]))
      history.sends.splice(1, 1, sent(['w:2'], { baseOffset: 2, invokedMs: 21, endedMs: 25 }))
    },
  ],
  [
    'a node votes once in a term',
    (history) => {
      history.votesAsked.push({ epoch: 1, voter: 'node 2', candidate: 3 })
      const onDisk = { epoch: 1, candidate: 3 }
      history.votes.push({ epoch: 1, voter: 'node 2 on its disk', anyDisk: 'node 2', candidate: 3, onDisk })
    },
  ],
  [
    'votes are recorded before they are told',
    (history) => {
      history.votesAsked.push({ epoch: 2, voter: 'node 2', candidate: 3 })
      const onDisk = { epoch: 1, candidate: 1 }
      history.votes.push({ epoch: 2, voter: 'node 2 on its disk', anyDisk: 'node 2', candidate: 3, onDisk })
    },
  ],
  [
    'leaders commit with their own epoch',
    (history) =>
      history.leaders.splice(1, 1, { epoch: 2, leader: 2, follower: 1, highWatermark: 2, atMs: 36 }),
  ],
  [
    'a term has one leader',
    (history) => history.leaders.push({ epoch: 1, leader: 3, follower: 1, highWatermark: 0, atMs: 37 }),
  ],
  [
    'the quorum keeps what it committed',
    (history) => history.leaders.push({ epoch: 1, leader: 1, follower: 2, highWatermark: 1, atMs: 38 }),
  ],
  [
    'a partition has one owner in a generation',
    ({ joins }) =>
      joins.push({ group: 'g', member: 'c', generation: 2, share: ['t-0'], invokedMs: 4, endedMs: 5 }),
  ],
  [
    'stale members commit nothing',
    ({ commits }) =>
      commits.push({ group: 'g t-0', offset: 2, invokedMs: 5, acknowledgedMs: 6, generation: 1 }),
  ],
  [
    'rebalances end',
    ({ joins }) =>
      joins.push({ group: 'g', member: 'c', generation: 3, share: [], invokedMs: 4, endedMs: 27_000 }),
  ],
  [
    'all is well in time',
    ({ milestones }) => milestones.push({ what: 'all have a leader', tookMs: 11, limitMs: 10 }),
  ],
  [
    'times find their records',
    ({ timeLookups }) => timeLookups.push({ topic: 't', partition: 0, timestampMs: 1_002, offset: 1 }),
  ],
  [
    'what is deleted stays deleted',
    ({ cuts, startReads }) => {
      cuts.push(cutAt(1_000, 2))
      startReads.push({ topic: 't', partition: 0, startOffset: 1, invokedMs: 1_001, endedMs: 1_002 })
    },
  ],
  [
    'compaction keeps the last of a key',
    ({ keyedLogs }) =>
      keyedLogs.push({ topic: 'k', partition: 0, node: 2, records: [{ offset: 0, key: 'a', label: 'v0' }] }),
  ],
  [
    'confirmed metadata stays',
    ({ metadataChanges }) =>
      metadataChanges.push({ what: { kind: 'delete', topic: 't' }, invokedMs: 2, confirmedMs: 3 }),
  ],
  ['committed offsets stay', (history) => history.offsetReads.push({ group: 'g', offset: 2, invokedMs: 9 })],
]

/** Node `leader` is elected when only `isr` are in sync. */
function elect(history: History, isr: readonly number[], leader: number): void {
  const before = changed(firstImage, partitionChange({ isr }))
  const after = changed(before, partitionChange({ leader, isr: [leader] }))
  history.metadataStates = [
    { endOffset: 1, epoch: 1, seenMs: 1, image: before },
    { endOffset: 2, epoch: 1, seenMs: 2, image: after },
  ]
}

describe('invariants', () => {
  it('hold for a history without fault', () => {
    expect(broken(whole())).toEqual([])
  })

  it.each(breaks)('%s', (name, spoil) => {
    const history = whole()
    spoil(history)
    expect(broken(history)).toEqual([name])
  })

  it('are all shown to fail', () => {
    expect(breaks.map(([name]) => name).sort()).toEqual(Object.keys(invariants).sort())
  })

  it('tell of an offset that nobody committed', () => {
    const history = whole()
    history.offsetReads.push({ group: 'g', offset: 7, invokedMs: 9 })
    expect(broken(history)).toEqual(['committed offsets stay'])
  })

  it('tell of a reader that is shown what lies beyond the high watermark, or is sent away', () => {
    const beyond = whole()
    beyond.reads.push({ ...read(2, 'w:2'), highWatermark: 2 })
    expect(broken(beyond)).toEqual(['ends never step back'])
    const behind = whole()
    behind.endReads.length = 0
    behind.endReads.push({ topic: 't', partition: 0, endOffset: 2, invokedMs: 28, endedMs: 29 })
    expect(broken(behind)).toEqual([])
    behind.endReads.push({ topic: 't', partition: 0, endOffset: 2, invokedMs: 11_001, endedMs: 11_002 })
    expect(broken(behind)).toEqual(['ends never step back'])
    const away = whole()
    away.lostPositions.push({ reader: 'r', told: 'offset 1 is out of range' })
    expect(broken(away)).toEqual(['ends never step back'])
  })

  it('tell of a replica in sync that holds another record', () => {
    const history = whole()
    history.sights.splice(1, 0, sightOf(30, [batch(0, 2), { ...batch(2), checksum: 1 }]))
    expect(broken(history)).toEqual(['replicas in sync have what is committed'])
  })

  it('tell of a patient producer that fails though all is well', () => {
    const history = whole()
    const error = { code: 'TIMED_OUT', isRetriable: true }
    history.sends.push(sent(['w:3'], { outcome: 'unknown', baseOffset: -1, endedMs: 30_500, error }))
    expect(broken(history)).toEqual([])
    history.sends.push(sent(['w:4'], { outcome: 'unknown', baseOffset: -1, endedMs: 31_500, error }))
    expect(broken(history)).toEqual(['patient producers succeed'])
  })

  it('tell of fenced brokers in sync, and of elections that may lose records', () => {
    const fenced = whole()
    const image = changed(firstImage, { type: 'FenceBrokerRecord', value: { id: 3, epoch: 3n } })
    fenced.metadataStates = [{ endOffset: 1, epoch: 1, seenMs: 1, image }]
    expect(broken(fenced)).toEqual(['elections are clean'])
    const recovering = whole()
    const recovered = changed(firstImage, partitionChange({ leader: 2, leaderRecoveryState: 1 }))
    recovering.metadataStates = [{ endOffset: 1, epoch: 1, seenMs: 1, image: recovered }]
    expect(broken(recovering)).toEqual(['elections are clean'])
  })

  it('tell of metadata that was committed and is gone, or differs at the end', () => {
    const gone = whole()
    for (const node of [1, 2, 3]) gone.metadataLogs.set(node, [batch(0, 1, 1)])
    expect(broken(gone)).toEqual(['the quorum keeps what it committed'])
    const differing = whole()
    differing.metadataLogs.set(3, [batch(0, 1, 1), { ...batch(1, 1, 1), checksum: 1 }])
    expect(broken(differing)).toEqual(['the quorum keeps what it committed'])
  })

  it('excuse a replica by another disk only where the one before held it', () => {
    const batches = [batch(0, 2), batch(2)]
    /** Node 3 on another disk, which is empty, and node 2 without the partition. */
    const onOneDisk = (atMs: number) => {
      const { replicas } = sightOf(atMs, batches, [1])
      return {
        atMs,
        replicas: replicas.map((one) => (one.node === 3 ? { ...one, directoryId: 'new' } : one)),
      }
    }
    const wiped = whole()
    wiped.sights.push(sightOf(40, batches), onOneDisk(90))
    expect(invariants['what is acknowledged lies on enough disks']?.(wiped)).toEqual([])
    const drained = whole()
    drained.sights.push(sightOf(40, batches, [1, 2]), onOneDisk(90))
    expect(invariants['what is acknowledged lies on enough disks']?.(drained)).toHaveLength(1)
  })

  it('tell of generations that step back', () => {
    const history = whole()
    history.joins.push({ group: 'g', member: 'c', generation: 1, share: [], invokedMs: 6, endedMs: 7 })
    expect(broken(history)).toEqual(['a partition has one owner in a generation'])
  })

  it('tell of keys that are gone, come up again, or were never sent', () => {
    const spoilt = [
      [],
      [
        { offset: 1, key: 'a', label: 'v1' },
        { offset: 0, key: 'b', label: 'v0' },
      ],
      [
        { offset: 1, key: 'a', label: 'v1' },
        { offset: 3, key: 'c', label: 'v9' },
      ],
      [{ offset: 1, key: 'a', label: 'v0' }],
    ]
    for (const records of spoilt) {
      const history = whole()
      history.keyedLogs.push({ topic: 'k', partition: 0, node: 2, records })
      expect(broken(history)).toEqual(['compaction keeps the last of a key'])
    }
  })

  it('tell of a partition that begins behind its end', () => {
    const history = whole()
    const place = { topic: 't', partition: 0 }
    history.startReads.push({ ...place, startOffset: 4, invokedMs: 24, endedMs: 25 })
    expect(broken(history)).toEqual(['ends never step back'])
    history.endReads.splice(0, 1, { ...place, endOffset: 4, invokedMs: 26, endedMs: 27 })
    expect(broken(history)).toEqual([])
  })

  it('tell of producers of whom other batches are remembered than stand in the log', () => {
    const lacking = whole()
    lacking.stoppedReplicas.push(stoppedOn(4, { remembered: stoppedOn(4).remembered.slice(0, 2) }))
    expect(invariants['what is derived from a log agrees with it']?.(lacking)).toEqual([
      't-0 on node 4 does not remember 2 of producer 7 at offset 2',
    ])
    const strange = whole()
    const cut = { producerId: 8n, lastSequence: 3, lastOffset: 2 }
    strange.stoppedReplicas.push(stoppedOn(4, { remembered: [...stoppedOn(4).remembered, cut] }))
    expect(invariants['what is derived from a log agrees with it']?.(strange)).toEqual([
      't-0 on node 4 remembers 3 of producer 8 at offset 2, which is not there',
    ])
    const compacted = whole()
    compacted.stoppedReplicas.push(stoppedOn(4, { ...strange.stoppedReplicas.at(-1), isCompacted: true }))
    expect(invariants['what is derived from a log agrees with it']?.(compacted)).toEqual([])
  })

  it('tell of indexes that know other batches than the segment, or not the youngest', () => {
    const told = (more: Parameters<typeof segmentOn>[1]): string[] | undefined => {
      const history = whole()
      history.stoppedSegments.push(segmentOn(3, more))
      return invariants['indexes agree with their segments']?.(history)
    }
    const segment = 'segment 0 of t-0 on node 3'
    const [oldest = { timestampMs: 0, offset: 0 }, youngest = oldest] = segmentOn(3).timeEntries
    expect(told({ offsetEntries: [] })).toEqual([])
    expect(
      told({ offsetEntries: [5, 2].map((offset) => ({ offset, position: 90 * (offset - 1) })) }),
    ).toEqual([`${segment} says that a batch which ends with offset 5 lies at 360`])
    expect(told({ timeEntries: [youngest] })).toEqual([])
    expect(told({ timeEntries: [oldest] })).toEqual([
      `${segment} says that its largest timestamp is 1000, which is 1002`,
    ])
    expect(told({ timeEntries: [oldest, youngest, { timestampMs: 1_003, offset: 5 }] })).toEqual([
      `${segment} says that its largest timestamp up to offset 5 is 1003`,
    ])
    const rotten = whole()
    rotten.stoppedSegments.push(segmentOn(3, { timeEntries: [] }))
    rotten.ruins = [{ atMs: 41, node: 3, place: 't-0' }]
    expect(invariants['indexes agree with their segments']?.(rotten)).toEqual([])
  })

  it('let a broker forget the epochs of what is deleted, though its segment is there still', () => {
    const epochs = [{ epoch: 0, startOffset: 2 }]
    const history = whole()
    history.stoppedReplicas.push(stoppedOn(4, { epochs, startOffset: 2 }))
    expect(broken(history)).toEqual([])
    history.stoppedReplicas.push(stoppedOn(5, { epochs, startOffset: 1 }))
    expect(broken(history)).toEqual(['what is derived from a log agrees with it'])
  })

  it('let a newcomer into the in-sync set by a proposal of that very state only', () => {
    const history = whole()
    const image = changed(
      history.metadataStates.at(-1)?.image ?? firstImage,
      partitionChange({ isr: [1, 2, 3] }),
    )
    history.metadataStates = [...history.metadataStates, { endOffset: 3, epoch: 2, seenMs: 42, image }]
    history.leaders.push({ epoch: 2, leader: 3, follower: 1, highWatermark: 2, atMs: 41 })
    history.proposals.push({ ...proposalOf(40, [1, 2, 3]), partitionEpoch: 0 })
    expect(broken(history)).toEqual(['newcomers to the in-sync set were proposed'])
    history.proposals.push(proposalOf(40, [1, 2, 3]))
    expect(broken(history)).toEqual([])
  })

  it('let a replica of which a part rotted lack what it had', () => {
    const history = whole()
    history.sights.push(sightOf(41, [batch(0, 2), batch(2)], [3]))
    expect(broken(history)).toContain('what is acknowledged lies on enough disks')
    history.ruins = [{ atMs: 41, node: 1, place: 't-0' }]
    expect(broken(history)).not.toContain('what is acknowledged lies on enough disks')
    history.ruins = [{ atMs: 42, node: 1, place: 't-0' }]
    expect(broken(history)).toContain('what is acknowledged lies on enough disks')
  })

  it('tell of changes of metadata out of order, and of brokers that do not know them', () => {
    const unordered = whole()
    const set = { kind: 'set', topic: 't', value: '7' } as const
    const config = { resourceType: 2, resourceName: 't', name: 'retention.ms', value: '7' }
    const image = changed(firstImage, { type: 'ConfigRecord', value: config })
    unordered.metadataStates = [...unordered.metadataStates, { endOffset: 3, epoch: 1, seenMs: 40, image }]
    unordered.metadataChanges.push({ what: set, invokedMs: 2, confirmedMs: 3 })
    expect(broken(unordered)).not.toContain('confirmed metadata stays')
    unordered.metadataChanges.push({
      what: { kind: 'create', topic: 't' },
      invokedMs: 4,
      confirmedMs: 5,
    })
    expect(broken(unordered)).toContain('confirmed metadata stays')
    const untold = whole()
    untold.toldTopics.set(2, [])
    expect(broken(untold)).toEqual(['confirmed metadata stays'])
  })

  it('let what retention has deleted be gone', () => {
    const history = whole()
    history.topics.set('t', { disksMin: 0, isBrief: true })
    const kept = logOf(['w:2'], [2], [batch(2)])
    history.finalLogs.splice(0, 1, { ...kept, startOffset: 2 })
    history.timeLookups.splice(0, 1)
    history.reads.push(read(2, 'w:2', 's'))
    expect(broken(history)).toEqual([])
    history.finalLogs.splice(0, 1, { ...kept, startOffset: 1 })
    expect(broken(history)).toEqual(['no acknowledged record is lost', 'what was read stays'])
  })
})
