/** A broker's log of which only what went wrong is kept: errors, in the words of the broker. */
import { type Log, type LogFields, silentLog } from '../runtime/log.ts'

export function logOfTrouble(tell: (words: string) => void, bound: LogFields = {}): Log {
  return {
    ...silentLog,
    error(event, fields = {}) {
      const told = Object.entries({ ...bound, ...fields }).map(
        ([name, value]) => `${name}=${firstLine(String(value))}`,
      )
      tell([event, ...told].join(' '))
    },
    child: (fields) => logOfTrouble(tell, { ...bound, ...fields }),
  }
}

/** A stack would drown what happened. */
function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}
