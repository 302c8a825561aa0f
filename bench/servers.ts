/**
 * The servers that are measured: processes of their own, with their CPU time and memory read from the system.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '..')
/** Clock ticks of /proc on Linux. */
const TICKS_PER_SECOND = 100

export interface Measurable {
  readonly port: number
  /** Seconds of CPU, user and system, since its start. */
  cpuSeconds(): number
}

export interface Server extends Measurable {
  readonly name: string
  readonly directory: string
  residentBytes(): number
  kill(signal: NodeJS.Signals): Promise<void>
  /** Kills it and removes its folder. */
  close(): Promise<void>
}

function cpuSecondsOf(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

function started(name: string, child: ChildProcess, directory: string): Promise<Server> {
  return new Promise((done, fail) => {
    let output = ''
    let errors = ''
    child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    child.once('exit', (code) => fail(new Error(`${name} ended with ${code}: ${errors}`)))
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      const match = /listening on .*:(\d+)\n/.exec(output)
      if (match === null) return
      const kill = (signal: NodeJS.Signals): Promise<void> =>
        new Promise((gone) => {
          if (child.exitCode !== null || child.signalCode !== null) gone()
          child.once('exit', () => gone())
          child.kill(signal)
        })
      done({
        name,
        port: Number(match[1]),
        directory,
        cpuSeconds: () => cpuSecondsOf(child.pid),
        residentBytes: () =>
          Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) * 1024,
        kill,
        async close() {
          await kill('SIGKILL')
          rmSync(directory, { recursive: true, force: true })
        },
      })
    })
  })
}

/** A broker from the built program, with its data in `directory` or a new folder. */
export function startBroker(
  settings: Record<string, string> = {},
  directory = mkdtempSync(join(tmpdir(), 'sluice-bench-')),
  options: readonly string[] = ['--listen', '127.0.0.1:0'],
): Promise<Server> {
  const sets = Object.entries({ 'log.level': 'warn', ...settings }).flatMap(([key, value]) => [
    '--set',
    `${key}=${value}`,
  ])
  const child = spawn(
    process.execPath,
    [join(ROOT, 'bin/sluice.js'), 'start', ...options, '--data-dir', directory, ...sets],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  return started('broker', child, directory)
}

export function startSkeleton(): Promise<Server> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-skeleton-'))
  const child = spawn(process.execPath, [join(ROOT, 'bench/skeleton.ts'), join(directory, 'log')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return started('skeleton', child, directory)
}

/** A broker that somebody else started on this machine, to be measured beside ours. */
export function otherBroker(port: number, pid: number): Measurable {
  return { port, cpuSeconds: () => cpuSecondsOf(pid) }
}
