/** How far clients knew a partition to be committed, moment by moment: by acks=all, and by what they read. */
import type { History } from '../history.ts'

export interface Committed {
  readonly atMs: number
  /** One past the last offset of which a client knew. */
  readonly endOffset: number
}

/** What was known of each partition, oldest first, and growing. */
export function committedByPartition(
  sends: History['sends'],
  reads: History['reads'],
): Map<string, Committed[]> {
  const known = new Map<string, Committed[]>()
  const tell = (topic: string, partition: number, atMs: number, endOffset: number): void => {
    const list = known.get(`${topic}-${partition}`) ?? []
    known.set(`${topic}-${partition}`, list)
    list.push({ atMs, endOffset })
  }
  for (const { topic, partition, acks, outcome, endedMs, baseOffset, labels } of sends)
    if (acks === -1 && outcome === 'acknowledged' && baseOffset >= 0)
      tell(topic, partition, endedMs, baseOffset + labels.length)
  for (const { topic, partition, atMs, offset } of reads) tell(topic, partition, atMs, offset + 1)
  return new Map([...known].map(([key, list]) => [key, growing(list)]))
}

function growing(list: readonly Committed[]): Committed[] {
  const grown: Committed[] = []
  let highest = 0
  for (const one of [...list].sort((a, b) => a.atMs - b.atMs)) {
    if (one.endOffset <= highest) continue
    highest = one.endOffset
    grown.push(one)
  }
  return grown
}

/** How far that was known at a moment; 0 when nothing was. */
export function committedAt(known: readonly Committed[], atMs: number): number {
  let [least, most] = [0, known.length]
  while (least < most) {
    const middle = (least + most) >> 1
    if ((known[middle]?.atMs ?? Number.POSITIVE_INFINITY) <= atMs) least = middle + 1
    else most = middle
  }
  return known[least - 1]?.endOffset ?? 0
}
