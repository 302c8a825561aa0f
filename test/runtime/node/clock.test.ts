/** The machine's timers keep the port's promises: never early, never after they were cancelled. */
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { createNodeClock } from '../../../src/runtime/node/clock.ts'

test('no timer fires before its time, though those of Node may', async () => {
  const clock = createNodeClock({ keepsAlive: true })
  const early: number[] = []
  for (let round = 0; round < 40; round++) {
    await new Promise<void>((resolve) => {
      const delayMs = 3 + round / 40
      const beganMs = clock.monotonicMs()
      clock.schedule(delayMs, () => {
        const tookMs = clock.monotonicMs() - beganMs
        if (tookMs < delayMs) early.push(tookMs - delayMs)
        resolve()
      })
    })
  }
  expect(early).toEqual([])
})

test('a cancelled timer stays silent', async () => {
  const clock = createNodeClock({ keepsAlive: true })
  let fired = false
  clock.schedule(1, () => (fired = true)).cancel()
  await new Promise<void>((resolve) => clock.schedule(5, resolve))
  expect(fired).toBe(false)
})

test('an earlier timer does not wait for a later one that was asked for first', async () => {
  const clock = createNodeClock({ keepsAlive: true })
  const ran: string[] = []
  await new Promise<void>((resolve) => {
    clock.schedule(30, () => {
      ran.push('late')
      resolve()
    })
    clock.schedule(3, () => {
      ran.push('early')
      clock.schedule(1, () => ran.push('asked for by the early one'))
    })
    clock.schedule(1, () => {}).cancel()
  })
  expect(ran).toEqual(['early', 'asked for by the early one', 'late'])
})

test('timers that were all cancelled keep no process alive, and one that waits does', () => {
  const url = new URL('../../../src/runtime/node/clock.ts', import.meta.url).href
  const run = (code: string): { status: number | null; stdout: string } =>
    spawnSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { createNodeClock } from '${url}'; const clock = createNodeClock({ keepsAlive: true }); ${code}`,
      ],
      { encoding: 'utf8', timeout: 20_000 },
    )
  expect(run('clock.schedule(60_000, () => {}).cancel()').status).toBe(0)
  expect(run("clock.schedule(5, () => console.log('ran'))").stdout).toBe('ran\n')
})

test('Node is asked for no time that is past', async () => {
  const clock = createNodeClock({ keepsAlive: true })
  const warnings: string[] = []
  const listen = (warning: Error): void => void warnings.push(warning.name)
  process.on('warning', listen)
  await new Promise<void>((resolve) => {
    clock.schedule(1, () => {
      // Due before this turn is over.
      clock.schedule(1, resolve)
      const untilMs = clock.monotonicMs() + 4
      while (clock.monotonicMs() < untilMs) {}
    })
  })
  await new Promise<void>((resolve) => clock.schedule(1, resolve))
  process.off('warning', listen)
  expect(warnings).toEqual([])
})
