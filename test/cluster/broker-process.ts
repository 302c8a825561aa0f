/**
 * A real broker process for tests: the built program on a free port, with its data in a folder of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const PROGRAM = resolve(import.meta.dirname, '../../bin/sluice.js')
const START_MS_MAX = 30_000

export interface BrokerOptions {
  /** Kept when the broker is closed; made and removed by this module when missing. */
  readonly dataDirectory?: string
  readonly host?: string
  readonly port?: number
  /** No clients come to it: it is only a controller. */
  readonly isController?: boolean
  /** A command that runs the broker in its own place: `ip netns exec NAME`. */
  readonly launcher?: readonly string[]
  readonly settings?: Readonly<Record<string, string>>
  readonly arguments?: readonly string[]
}

export interface BrokerProcess {
  readonly port: number
  readonly bootstrap: string
  readonly dataDirectory: string
  readonly process: ChildProcess
  /** Everything that it has said on standard error. */
  readonly errors: () => string
  /** Ends it with a signal and waits until it is gone. */
  kill(signal: NodeJS.Signals): Promise<number | null>
  /** A clean stop, and its folder removed if it was made here. */
  close(): Promise<void>
}

/** Group rebalances at once: tests should not wait for members that never come. */
const TEST_SETTINGS = { 'group.initial.rebalance.delay.ms': '0' }

function exited(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode)
  return new Promise((done) => child.once('exit', (code) => done(code)))
}

export async function startBroker(options: BrokerOptions = {}): Promise<BrokerProcess> {
  const dataDirectory = options.dataDirectory ?? mkdtempSync(join(tmpdir(), 'sluice-test-'))
  const settings = { ...TEST_SETTINGS, ...options.settings }
  const host = options.host ?? '127.0.0.1'
  const [command = process.execPath, ...prefix] = [...(options.launcher ?? []), process.execPath]
  const child = spawn(
    command,
    [
      ...prefix,
      PROGRAM,
      'start',
      ...(options.isController === true ? [] : ['--listen', `${host}:${options.port ?? 0}`]),
      ...['--data-dir', dataDirectory],
      ...Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]),
      ...(options.arguments ?? []),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let output = ''
  let errors = ''
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const port = await new Promise<number>((done, fail) => {
    const expire = setTimeout(() => {
      fail(new Error(`the broker did not listen within ${START_MS_MAX} ms: ${errors}`))
      child.kill('SIGKILL')
    }, START_MS_MAX)
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      const match = /listening on .*:(\d+)\n|takes part in the quorum\n/.exec(output)
      if (match === null) return
      clearTimeout(expire)
      done(Number(match[1] ?? 0))
    })
    child.once('exit', (code) => {
      clearTimeout(expire)
      fail(new Error(`the broker ended with ${code}: ${errors}`))
    })
  })
  const kill = (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal)
    return exited(child)
  }
  return {
    port,
    bootstrap: `${host}:${port}`,
    dataDirectory,
    process: child,
    errors: () => errors,
    kill,
    async close() {
      await kill('SIGTERM')
      if (options.dataDirectory === undefined) rmSync(dataDirectory, { recursive: true, force: true })
    },
  }
}
