/** A node that waits for its cluster is told to stop: no failure, and no second signal is needed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { freePort } from './free-port.ts'

const SLUICE = resolve(import.meta.dirname, '../../bin/sluice.js')
const directory = mkdtempSync(join(tmpdir(), 'sluice-test-'))
let child: ChildProcess | null = null

afterEach(() => {
  child?.kill('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
})

it('ends in order', async () => {
  const ports = await Promise.all([freePort(), freePort(), freePort()])
  const quorum = ports.map((port, index) => `${index + 1}@127.0.0.1:${port}`).join(',')
  const options = ['--node-id', '1', '--quorum', quorum, '--listen', '127.0.0.1:0', '--data-dir', directory]
  const started = spawn(process.execPath, [SLUICE, 'start', ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child = started
  let told = ''
  const looksForOthers = new Promise<void>((resolve) => {
    started.stderr.on('data', (chunk: Buffer) => {
      told += chunk.toString()
      if (told.includes('no stream to a node of the quorum')) resolve()
    })
  })
  const ended = new Promise<number | null>((resolve) => started.once('close', resolve))
  await Promise.race([looksForOthers, ended])
  started.kill('SIGTERM')
  expect(await ended).toBe(0)
  expect(told).not.toContain('sluice:')
}, 30_000)
