/**
 * pino behind the log port: one line for each event, readable on a terminal, JSON anywhere else.
 *
 * Log lines go to stderr, so that stdout keeps for what a command answers (`listening on …`).
 */
import { type Logger, pino } from 'pino'
import type { Log, LogFields } from '../log.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** JSON knows no bigint; an offset is printed as its digits. */
function printable(fields: LogFields | undefined): Record<string, unknown> {
  if (fields === undefined) return {}
  const result: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields))
    result[name] = typeof value === 'bigint' ? value.toString() : value
  return result
}

function wrap(logger: Logger): Log {
  return {
    debug: (event, fields) => logger.debug(printable(fields), event),
    info: (event, fields) => logger.info(printable(fields), event),
    warn: (event, fields) => logger.warn(printable(fields), event),
    error: (event, fields) => logger.error(printable(fields), event),
    child: (fields) => wrap(logger.child(printable(fields))),
  }
}

/** @param terminal whether a person reads along; decides between the readable and the JSON form. */
export async function createNodeLog(level: LogLevel, terminal: boolean): Promise<Log> {
  if (!terminal) return wrap(pino({ level, base: null }, pino.destination({ fd: 2, sync: true })))
  const { default: pretty } = await import('pino-pretty')
  return wrap(
    pino(
      { level, base: null },
      pretty({
        destination: 2,
        sync: true,
        singleLine: true,
        ignore: 'pid,hostname',
        translateTime: 'SYS:HH:MM:ss.l',
      }),
    ),
  )
}
