/**
 * Invariant 11, as disks show it: the indexes that a broker leaves when it stops in order agree with a scan of the whole
 * segment. An entry of the offset index is the last offset of a batch and where it lies; one of the time index is a batch that
 * is younger than all before it, and its last entry the youngest of all.
 */
import type { History, StoppedSegment } from '../history.ts'
import { isRuined } from './is-ruined.ts'

export function indexesAgree(history: History): string[] {
  return history.stoppedSegments
    .filter((segment) => !isRuined(history, segment, Number.POSITIVE_INFINITY))
    .flatMap((segment) =>
      [...wrongPlaces(segment), ...wrongTimes(segment)].map(
        (told) =>
          `segment ${segment.baseOffset} of ${segment.topic}-${segment.partition} on node ${segment.node} ${told}`,
      ),
    )
}

function wrongPlaces({ batches, offsetEntries }: StoppedSegment): string[] {
  const positions = new Map(batches.map(({ lastOffset, position }) => [lastOffset, position]))
  let before = -1
  const wrong = offsetEntries.find(({ offset, position }) => {
    const isRight = offset > before && positions.get(offset) === position
    before = offset
    return !isRight
  })
  return wrong === undefined
    ? []
    : [`says that a batch which ends with offset ${wrong.offset} lies at ${wrong.position}`]
}

function wrongTimes({ batches, timeEntries }: StoppedSegment): string[] {
  let youngestMs = -1
  const risen = new Map<number, number>()
  for (const { lastOffset, maxTimestampMs } of batches) {
    if (maxTimestampMs <= youngestMs) continue
    youngestMs = maxTimestampMs
    risen.set(lastOffset, maxTimestampMs)
  }
  let before = -1
  const wrong = timeEntries.find(({ timestampMs, offset }) => {
    const isRight = offset > before && risen.get(offset) === timestampMs
    before = offset
    return !isRight
  })
  if (wrong !== undefined)
    return [`says that its largest timestamp up to offset ${wrong.offset} is ${wrong.timestampMs}`]
  const last = timeEntries.at(-1)?.timestampMs ?? -1
  return last === youngestMs ? [] : [`says that its largest timestamp is ${last}, which is ${youngestMs}`]
}
