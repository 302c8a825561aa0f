/**
 * What the clients of a simulation did and were told: the evidence that invariants are judged by.
 *
 * A record is known by a label that no other record has. Of a send that failed nobody knows whether its records are in
 * the log (`unknown`, Jepsen's `info`). It judges nothing.
 */

export interface SentRecords {
  readonly writer: string
  readonly topic: string
  readonly partition: number
  readonly acks: 0 | 1 | -1
  /** In the order of sending. */
  readonly labels: readonly string[]
  outcome: 'under way' | 'acknowledged' | 'unknown'
  /** Of the first record, as acknowledged; -1 until then. */
  baseOffset: number
}

export interface ReadRecord {
  readonly reader: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly label: string
}

export interface OffsetCommit {
  readonly group: string
  readonly offset: number
  readonly invokedMs: number
  /** Infinity: nobody knows when, or whether. */
  acknowledgedMs: number
}

export interface OffsetRead {
  readonly group: string
  /** -1: nothing was committed. */
  readonly offset: number
  readonly invokedMs: number
}

/** One record where it lies at the end. */
export interface LoggedRecord {
  readonly offset: number
  readonly label: string
}

/** A partition at the end, when all is healed and nothing is under way. */
export interface FinalLog {
  readonly topic: string
  readonly partition: number
  readonly records: readonly LoggedRecord[]
  /** Bytes of the segments of each replica, by node. */
  readonly replicas: ReadonlyMap<number, Buffer>
}

export class History {
  readonly sends: SentRecords[] = []
  readonly reads: ReadRecord[] = []
  readonly commits: OffsetCommit[] = []
  readonly offsetReads: OffsetRead[] = []
  readonly finalLogs: FinalLog[] = []
}
