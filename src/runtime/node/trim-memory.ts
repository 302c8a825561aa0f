/**
 * Gives memory back to the system that the process has outgrown: after the start, and after a flood.
 *
 * Opening a thousand logs, or a hundred thousand hostile connections, leave garbage and a heap grown to hold it,
 * which an engine with little to do may keep for hours (1,000 partitions: 145 MB before, 105 MB after). One full
 * collection stops the process for some tens of milliseconds; so it is asked for when the start is over, and then
 * only after real growth, once for each step of it.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Clock } from '../clock.ts'
import { limits } from '../limits.ts'

function collect(): void {
  setFlagsFromString('--expose-gc')
  const collector: unknown = runInNewContext('gc')
  setFlagsFromString('--no-expose-gc')
  if (typeof collector === 'function') collector({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}

/** Trims soon after the start, and again whenever the process has grown by a step since. */
export function keepMemoryTrim(clock: Clock): void {
  let keptBytes = 0
  const look = (): void => {
    if (process.memoryUsage.rss() - keptBytes > limits.memoryGrowthBytesBeforeTrim) {
      collect()
      keptBytes = process.memoryUsage.rss()
    }
    clock.schedule(limits.memoryLookMs, look)
  }
  clock.schedule(limits.memoryFirstLookMs, look)
}
