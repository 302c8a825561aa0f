/** A stretch of time as people write it: `'500ms'`, `'90s'`, `'15m'`, `'36h'`, `'7d'`, or a number of milliseconds. */

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

export type Duration = number | `${number}${keyof typeof UNITS}`

/** In milliseconds; throws a sentence for people when it is none. */
export function durationMs(duration: Duration): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(String(duration))
  const ms =
    typeof duration === 'number' ? duration : Number(match?.[1]) * UNITS[match?.[2] as keyof typeof UNITS]
  if (!Number.isFinite(ms) || ms < 0)
    throw new RangeError(`"${duration}" is no duration; write one as '500ms', '90s', '15m', '36h' or '7d'`)
  return ms
}
