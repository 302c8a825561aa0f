/**
 * Kafka's range assignor: for each topic, members in order of their ids get neighbouring partitions, the first
 * ones one more where the numbers do not divide.
 */

export interface Subscriber {
  readonly memberId: string
  readonly topics: readonly string[]
}

/** Partitions by topic by member; every member is in the answer. */
export function assignRanges(
  members: readonly Subscriber[],
  partitionCounts: ReadonlyMap<string, number>,
): Map<string, Map<string, number[]>> {
  const shares = new Map(members.map((member) => [member.memberId, new Map<string, number[]>()]))
  for (const [topic, count] of [...partitionCounts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const takers = members
      .filter((member) => member.topics.includes(topic))
      .map((member) => member.memberId)
      .sort()
    const each = Math.floor(count / takers.length)
    const extra = count % takers.length
    takers.forEach((memberId, index) => {
      const start = each * index + Math.min(index, extra)
      const length = each + (index < extra ? 1 : 0)
      if (length > 0)
        shares.get(memberId)?.set(
          topic,
          Array.from({ length }, (_, at) => start + at),
        )
    })
  }
  return shares
}
