/**
 * Where the followers' logs begin, as they last told their leader: DeleteRecords is done when none holds the records
 * any more (KIP-107).
 */
export class FollowerMarks {
  readonly #logStarts = new Map<number, number>()

  /** A follower's log begins there; -1 says nothing. */
  note(replica: number, logStartOffset: number): void {
    if (logStartOffset >= 0) this.#logStarts.set(replica, logStartOffset)
  }

  /** Forgets who is no replica any more. */
  keepOnly(replicas: readonly number[]): void {
    for (const replica of this.#logStarts.keys()) {
      if (!replicas.includes(replica)) this.#logStarts.delete(replica)
    }
  }

  /** The lowest of `own` and what `replicas` told; who told nothing may hold everything. */
  lowest(replicas: readonly number[], own: number): number {
    let lowest = own
    for (const replica of replicas) lowest = Math.min(lowest, this.#logStarts.get(replica) ?? 0)
    return lowest
  }
}
