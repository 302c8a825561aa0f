/** Invariant 11: a look-up by time finds the first record that is not older, as a scan of the whole log does. */
import type { History } from '../history.ts'

export function timesFindTheirRecords({ timeLookups, finalLogs }: History): string[] {
  return timeLookups.flatMap(({ topic, partition, timestampMs, offset }) => {
    const log = finalLogs.find((one) => one.topic === topic && one.partition === partition)
    const first = log?.records.find((record) => record.timestampMs >= timestampMs)?.offset ?? -1
    return first === offset
      ? []
      : [`${topic}-${partition} has ${offset} for time ${timestampMs}, where ${first} is the first`]
  })
}
