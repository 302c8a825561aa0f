/**
 * What happened in a simulation, in words, and a hash of all of it: the same seed and code must give the same one.
 *
 * The hash covers every line, also those that are not kept, but for the stack of an error: that tells the folder in which the
 * code lies. Lines carry virtual time, never that of the machine.
 */
import { crc32c } from '../protocol/records/crc32c.ts'
import type { Log, LogFields } from '../runtime/log.ts'

const LINES_MAX = 200_000
const STACK_LINE = /\n\s+at .*/g
type Level = 'debug' | 'info' | 'warn' | 'error'

export class Transcript {
  readonly #nowMs: () => number
  readonly #keepsLines: boolean
  readonly #lines: string[] = []
  #hash = 0
  #count = 0

  constructor(nowMs: () => number, keepsLines: boolean) {
    this.#nowMs = nowMs
    this.#keepsLines = keepsLines
  }

  /** Of everything so far, eight hexadecimal digits. */
  get hash(): string {
    return this.#hash.toString(16).padStart(8, '0')
  }

  get lineCount(): number {
    return this.#count
  }

  /** The last lines; all of them, unless there were very many. */
  get lines(): readonly string[] {
    return this.#lines
  }

  note(who: string, what: string): void {
    const line = `${this.#nowMs().toFixed(3).padStart(12)} ${who.padEnd(8)} ${what}`
    const bytes = Buffer.from(`${this.#hash} ${line.replaceAll(STACK_LINE, '')}`)
    this.#hash = crc32c(bytes, 0, bytes.length)
    this.#count++
    if (!this.#keepsLines) return
    if (this.#lines.length >= LINES_MAX) this.#lines.splice(0, LINES_MAX / 2)
    this.#lines.push(line)
  }

  /** A broker's log that writes here. */
  logOf(who: string, bound: LogFields = {}): Log {
    const write =
      (level: Level) =>
      (event: string, fields: LogFields = {}): void => {
        const told = Object.entries({ ...bound, ...fields }).map(([name, value]) => `${name}=${value}`)
        this.note(who, [level === 'info' ? '' : level, event, ...told].filter(Boolean).join(' '))
      }
    return {
      debug: () => {},
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      child: (fields) => this.logOf(who, { ...bound, ...fields }),
    }
  }
}
