/**
 * What the clients of a simulation did and were told, and what its witnesses saw: the evidence that invariants are
 * judged by.
 *
 * A record is known by a label that no other record has. Of a send whose answer was lost nobody knows whether its
 * records are in the log (`unknown`, Jepsen's `info`); one that was `refused` left nothing there (Jepsen's `fail`). All
 * times are virtual milliseconds of one clock. It judges nothing.
 */
import type { MetadataImage } from '../coordination/metadata/image.ts'

export interface SentRecords {
  readonly writer: string
  readonly topic: string
  readonly partition: number
  readonly acks: 0 | 1 | -1
  /** Idempotent, and tried again until its time was up. */
  readonly isPatient: boolean
  /** In the order of sending. */
  readonly labels: readonly string[]
  readonly invokedMs: number
  outcome: 'under way' | 'acknowledged' | 'unknown' | 'refused'
  /** When the outcome was known; Infinity until then. */
  endedMs: number
  /** Of the first record, as acknowledged; -1 until then. */
  baseOffset: number
  /** What the writer was told instead of an acknowledgement. */
  error: SendError | null
}

export interface SendError {
  readonly code: string
  readonly isRetriable: boolean
}

export interface ReadRecord {
  readonly reader: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly label: string
  readonly atMs: number
  /** As told with the record. */
  readonly highWatermark: number
}

/** A client asked where a partition ends. */
export interface EndRead {
  readonly topic: string
  readonly partition: number
  /** One past the last offset that may be read. */
  readonly endOffset: number
  readonly invokedMs: number
  readonly endedMs: number
}

/** A client asked where a partition begins. */
export interface StartRead {
  readonly topic: string
  readonly partition: number
  readonly startOffset: number
  readonly invokedMs: number
  readonly endedMs: number
}

/** DeleteRecords was confirmed: nothing below the offset is read any more. */
export interface RecordCut {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** The node that was asked. */
  readonly leader: number
  readonly invokedMs: number
  readonly confirmedMs: number
}

/** Keys were written to a topic that keeps the last of each. */
export interface KeyedSend {
  readonly topic: string
  readonly partition: number
  /** In the order of sending; a label of null deletes the key. */
  readonly records: readonly { readonly key: string; readonly label: string | null }[]
  /** -1: not acknowledged. */
  baseOffset: number
}

/** What one replica of a compacted topic holds at the end. */
export interface KeyedLog {
  readonly topic: string
  readonly partition: number
  readonly node: number
  readonly records: readonly {
    readonly offset: number
    readonly key: string
    readonly label: string | null
  }[]
}

/** A reader was told that the offset which it was to read next is out of range. */
export interface LostPosition {
  readonly reader: string
  readonly told: string
}

export interface OffsetCommit {
  readonly group: string
  readonly offset: number
  readonly invokedMs: number
  /** Infinity: nobody knows when, or whether. */
  acknowledgedMs: number
  /** Of the member that committed; left out where the group has no members. */
  readonly generation?: number
}

/** A member has got its share of a generation. */
export interface GroupJoin {
  readonly group: string
  readonly member: string
  readonly generation: number
  /** `topic-partition` each. */
  readonly share: readonly string[]
  readonly invokedMs: number
  readonly endedMs: number
}

export interface OffsetRead {
  readonly group: string
  /** -1: nothing was committed. */
  readonly offset: number
  readonly invokedMs: number
}

/** A batch where it lay on a disk. */
export interface SeenBatch {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly leaderEpoch: number
  readonly checksum: number
}

/** A batch when it was first seen in one place. */
export interface WrittenBatch extends SeenBatch {
  readonly topic: string
  readonly partition: number
  readonly node: number
}

/** What one disk held of a partition at one moment: the first `count` of `batches`, which may have grown since. */
export interface ReplicaSight {
  readonly topic: string
  readonly partition: number
  readonly node: number
  /** Which disk that was; null when it had no name yet. */
  readonly directoryId: string | null
  readonly batches: readonly SeenBatch[]
  readonly count: number
  /** Where its first segment begins. */
  readonly startOffset: number
  /** So far it has been compacted, as far as the broker has written that down. */
  readonly cleanedOffset: number
  /** False while something lies there that is no batch: a torn end, or damage. Then more may be lost than `count` says. */
  readonly isWhole: boolean
}

/** All disks at one moment. */
export interface Sight {
  readonly atMs: number
  readonly replicas: readonly ReplicaSight[]
}

/** The cluster's metadata after one batch of its log, of the log as it is at the end. */
export interface MetadataState {
  /** One past the batch. */
  readonly endOffset: number
  /** Of the quorum, as the batch was written. */
  readonly epoch: number
  /** When the batch was first seen on any disk: it was not committed before. */
  readonly seenMs: number
  readonly image: MetadataImage
}

/** What a node takes for the brokers of the cluster, from that moment on. */
export interface BrokersKnown {
  readonly node: number
  readonly atMs: number
  readonly brokers: MetadataImage['brokers']
}

/** A change of metadata that was asked for. */
export interface MetadataChange {
  readonly what:
    | { readonly kind: 'create' | 'delete'; readonly topic: string }
    | { readonly kind: 'grow'; readonly topic: string; readonly partitions: number }
    | { readonly kind: 'set'; readonly topic: string; readonly value: string }
  readonly invokedMs: number
  /** Infinity: nobody knows when, or whether. */
  confirmedMs: number
}

/** A vote that a node gave away, itself included. */
export interface OverheardVote {
  readonly epoch: number
  /** The voter, disk included: with another disk it is another voter. */
  readonly voter: string
  /** The voter by its id alone, as candidates ask that know of no disk. */
  readonly anyDisk: string
  readonly candidate: number
  /** What the voter's disk said as it was told, as far as that was synced; null nothing. */
  readonly onDisk: { readonly epoch: number; readonly candidate: number | null } | null
}

/** A candidate asked for a vote; itself, too. */
export interface VoteAsked {
  readonly epoch: number
  /** As in `OverheardVote`, one or the other. */
  readonly voter: string
  readonly candidate: number
}

/** A leader asked the controller for an in-sync set. */
export interface IsrProposal {
  readonly atMs: number
  readonly topicId: string
  readonly partition: number
  readonly leaderEpoch: number
  readonly partitionEpoch: number
  readonly isr: readonly { readonly brokerId: number; readonly brokerEpoch: bigint }[]
}

/** What a leader of the quorum told one follower, in the order of telling. */
export interface OverheardLeader {
  readonly epoch: number
  readonly leader: number
  readonly highWatermark: number
  readonly follower: number
  readonly atMs: number
}

/** One record where it lies at the end. */
export interface LoggedRecord {
  readonly offset: number
  readonly label: string
  readonly timestampMs: number
}

/** Asked for the first record that is not older than a time (ListOffsets), when nothing changes any more. */
export interface TimeLookup {
  readonly topic: string
  readonly partition: number
  readonly timestampMs: number
  /** -1: there is none. */
  readonly offset: number
}

/** Something that must have come about after the last fault, and how long that took; Infinity: it never did. */
export interface Milestone {
  readonly what: string
  readonly tookMs: number
  readonly limitMs: number
}

/** A partition at the end, when all is healed and nothing is under way. */
export interface FinalLog {
  readonly topic: string
  readonly partition: number
  /** What is below has been deleted. */
  readonly startOffset: number
  readonly records: readonly LoggedRecord[]
  readonly batches: readonly SeenBatch[]
  /** Bytes of the segments of each replica, by node. */
  readonly replicas: ReadonlyMap<number, Buffer>
}

/** A batch of an idempotent producer. */
export interface ProducedBatch {
  readonly producerId: bigint
  readonly lastSequence: number
  readonly lastOffset: number
}

/** A replica after its broker has stopped in order at the end. */
export interface StoppedReplica {
  readonly topic: string
  readonly partition: number
  readonly node: number
  /** Of old batches the last of each key are left. */
  readonly isCompacted: boolean
  /** What is below has been deleted, though its segment may be there still. */
  readonly startOffset: number
  readonly batches: readonly SeenBatch[]
  /** Those of the batches that idempotent producers sent, in the order of the log. */
  readonly produced: readonly ProducedBatch[]
  /** As the broker has kept them, oldest first. */
  readonly epochs: readonly { readonly epoch: number; readonly startOffset: number }[]
  /** What it remembers of producers. */
  readonly remembered: readonly ProducedBatch[]
}

/** What a broker that has stopped left of one segment: its batches, and what its indexes say of them. */
export interface StoppedSegment {
  readonly topic: string
  readonly partition: number
  readonly node: number
  readonly baseOffset: number
  readonly batches: readonly IndexedBatch[]
  readonly offsetEntries: readonly { readonly offset: number; readonly position: number }[]
  readonly timeEntries: readonly { readonly timestampMs: number; readonly offset: number }[]
}

export interface IndexedBatch {
  readonly lastOffset: number
  readonly position: number
  readonly maxTimestampMs: number
}

/** A fault destroyed a part of a replica: from then on it is worth nothing, mended or not, until others have made it whole. */
export interface Ruin {
  readonly atMs: number
  readonly node: number
  /** `topic-partition` */
  readonly place: string
}

/** What a topic was created with, as far as invariants must know it. */
export interface TopicRules {
  /** On so many disks lies what acks=all acknowledged; 0 where replicas are taken away. */
  readonly disksMin: number
  /** Old records are deleted, each replica's in its own time. */
  readonly isBrief: boolean
}

/** A send as it begins; what becomes of it is noted there. */
export function sendBegun(
  send: Pick<SentRecords, 'writer' | 'topic' | 'partition' | 'acks' | 'isPatient' | 'labels' | 'invokedMs'>,
): SentRecords {
  const endedMs = Number.POSITIVE_INFINITY
  return { ...send, outcome: 'under way', endedMs, baseOffset: -1, error: null }
}

export class History {
  readonly topics = new Map<string, TopicRules>()
  /** When the last fault ended. */
  healedMs = Number.POSITIVE_INFINITY
  readonly sends: SentRecords[] = []
  readonly reads: ReadRecord[] = []
  readonly endReads: EndRead[] = []
  readonly startReads: StartRead[] = []
  readonly cuts: RecordCut[] = []
  readonly keyedSends: KeyedSend[] = []
  readonly keyedLogs: KeyedLog[] = []
  readonly lostPositions: LostPosition[] = []
  readonly commits: OffsetCommit[] = []
  readonly offsetReads: OffsetRead[] = []
  readonly joins: GroupJoin[] = []
  readonly finalLogs: FinalLog[] = []
  readonly stoppedReplicas: StoppedReplica[] = []
  readonly stoppedSegments: StoppedSegment[] = []
  readonly timeLookups: TimeLookup[] = []
  readonly milestones: Milestone[] = []
  readonly sights: Sight[] = []
  ruins: readonly Ruin[] = []
  readonly writtenBatches: WrittenBatch[] = []
  readonly votes: OverheardVote[] = []
  readonly votesAsked: VoteAsked[] = []
  readonly proposals: IsrProposal[] = []
  readonly leaders: OverheardLeader[] = []
  readonly metadataChanges: MetadataChange[] = []
  /** What each node tells at the end: the name of every topic and how many partitions it has. */
  readonly toldTopics = new Map<number, readonly string[]>()
  /** Of the metadata log, oldest first. */
  metadataStates: readonly MetadataState[] = []
  readonly brokersKnown: BrokersKnown[] = []
  /** The metadata log of each node at the end. */
  readonly metadataLogs = new Map<number, readonly SeenBatch[]>()
}
