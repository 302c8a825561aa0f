/**
 * What every fault script shares as a program: its arguments, its end, and pauses of its own.
 */
import { pathToFileURL } from 'node:url'

/** True when that module is the program that was started, not one that a test imports. */
export function isProgram(moduleUrl: string): boolean {
  return moduleUrl === pathToFileURL(process.argv[1] ?? '').href
}

/** The number after `--name` on the command line. */
export function numberArgument(name: string, otherwise: number): number {
  const at = process.argv.indexOf(`--${name}`)
  if (at < 0) return otherwise
  const value = Number(process.argv[at + 1])
  if (!Number.isFinite(value)) throw new Error(`--${name} needs a number`)
  return value
}

/** How long load runs before a fault; nothing waits for a result this way. */
export function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, durationMs)
  })
}

/** Rejects when the answer does not come in time. */
export function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), timeoutMs)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** Looks again and again until `found` answers something; fails loudly when the time is up. */
export async function until<T>(what: string, timeoutMs: number, found: () => Promise<T | null>): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs
  for (;;) {
    const result = await found()
    if (result !== null) return result
    if (performance.now() > deadlineMs) throw new Error(`${what}: not within ${timeoutMs} ms`)
    await pause(50)
  }
}

/** Prints every violation and the verdict, and ends the process with it. */
export function conclude(violations: readonly string[], allIsWell: string): never {
  for (const violation of violations) console.log(`VIOLATION: ${violation}`)
  console.log(violations.length === 0 ? `OK: ${allIsWell}` : `FAILED: ${violations.length} violations`)
  process.exit(violations.length === 0 ? 0 : 1)
}
