/**
 * When a leader last heard of each node, and when that node last had all of the log: for DescribeQuorum.
 *
 * Also the directory of each node, which is how a leader learns the disks of voters that configuration named by id
 * alone (KIP-853). Nothing that is safe hangs on it. Bounded by the nodes that answer as replicas.
 */
import type { RaftMessage, ReplicaKey } from '../../coordination/raft/message.ts'

export interface ReplicaContact {
  readonly directoryId: string
  /** Wall clock. */
  readonly heardMs: number
  /** Wall clock; -1 never. */
  readonly caughtUpMs: number
}

export class ReplicaContacts {
  readonly #contacts = new Map<number, ReplicaContact>()

  get(id: number): ReplicaContact | undefined {
    return this.#contacts.get(id)
  }

  /** A message of a node that follows; `logEndOffset` is where this leader's log ends. */
  note(from: ReplicaKey, message: RaftMessage, logEndOffset: number, nowMs: number): void {
    if (message.type !== 'append-response' && message.type !== 'snapshot-response') return
    const isCaughtUp =
      message.type === 'append-response' &&
      message.outcome.kind === 'accepted' &&
      message.outcome.endOffset >= logEndOffset
    const known = this.#contacts.get(from.id)
    const before = known?.directoryId === from.directoryId ? known.caughtUpMs : -1
    this.#contacts.set(from.id, {
      directoryId: from.directoryId,
      heardMs: nowMs,
      caughtUpMs: isCaughtUp ? nowMs : before,
    })
  }

  /** A new term of leadership: what was known is old. */
  forget(): void {
    this.#contacts.clear()
  }
}
