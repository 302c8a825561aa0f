/** Invariant 4: a log that nobody compacted has every offset from its start on, once. */
import type { History } from '../history.ts'

export function offsetsContiguous({ finalLogs }: History): string[] {
  return finalLogs.flatMap(({ topic, partition, records }) => {
    const first = records[0]?.offset ?? 0
    const wrong = records.find(({ offset }, index) => offset !== first + index)
    return wrong === undefined
      ? []
      : [`${topic}-${partition} has ${wrong.label} at offset ${wrong.offset}, where a gap or a repetition is`]
  })
}
