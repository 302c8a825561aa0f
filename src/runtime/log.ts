/**
 * Structured events about the broker itself: one line for each thing that matters to the person who
 * runs it. Never called on a hot path, never with record contents or secrets.
 */
export type LogFields = Readonly<Record<string, string | number | boolean | bigint | null | undefined>>

export interface Log {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
  /** A log that adds `fields` to every line. */
  child(fields: LogFields): Log
}

/** Swallows everything; for tests and for callers that want silence. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child() {
    return silentLog
  },
}
