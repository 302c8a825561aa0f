/**
 * What users get: `sluice/testing` as it is built, in a bare process, under node:test, and under the compiler.
 *
 * It needs `npm run build` and `npm run types`, which `npm test` runs first.
 */
import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')
const MODULES = dirname(dirname(createRequire(import.meta.url).resolve('kafkajs/package.json')))
const COMPILER = join(MODULES, 'typescript/bin/tsc')

/** A project of a user's, in which `sluice` is installed. */
let project: string

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'sluice-user-'))
  mkdirSync(join(project, 'node_modules/@types'), { recursive: true })
  symlinkSync(ROOT, join(project, 'node_modules/sluice'))
  for (const name of ['kafkajs', '@types/node', 'undici-types'])
    symlinkSync(join(MODULES, name), join(project, 'node_modules', name))
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module' }))
})

afterAll(() => rmSync(project, { recursive: true }))

function write(name: string, text: string): string {
  const file = join(project, name)
  writeFileSync(file, text)
  return file
}

describe('in a bare process', () => {
  it('starts, serves a stock client, and leaves nothing that keeps the process', async () => {
    const file = write(
      'bare.js',
      `import { startCluster } from 'sluice/testing'
import { Kafka, logLevel } from 'kafkajs'
const before = process.getActiveResourcesInfo()
const beganMs = performance.now()
const cluster = await startCluster({ nodes: 3, topics: ['t'] })
const startMs = performance.now() - beganMs
const producer = new Kafka({ brokers: cluster.bootstrap, logLevel: logLevel.NOTHING }).producer()
await producer.connect()
const [sent] = await producer.send({ topic: 't', messages: [{ value: 'v' }] })
await producer.disconnect()
await cluster.advance('7d')
await cluster.close()
console.log(JSON.stringify({ startMs, sent, before, after: process.getActiveResourcesInfo() }))
`,
    )
    const { stdout } = await promisify(execFile)(process.execPath, ['--no-deprecation', file])
    const told = JSON.parse(stdout)
    expect(told.sent).toMatchObject({ topicName: 't', errorCode: 0 })
    expect(told.after).toEqual(told.before)
    // Many times what it takes: that it is quick is measured elsewhere.
    expect(told.startMs).toBeLessThan(5_000)
  })

  it('works under node:test', async () => {
    const file = write(
      'counts.test.js',
      `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startCluster } from 'sluice/testing'
import { Kafka, logLevel } from 'kafkajs'
test('counts', async () => {
  await using cluster = await startCluster({ topics: ['t'], records: { t: ['a', 'b'] } })
  const admin = new Kafka({ brokers: cluster.bootstrap, logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const [partition] = await admin.fetchTopicOffsets('t')
  await admin.disconnect()
  assert.equal(partition.high, '2')
})
`,
    )
    // Of a run inside another, node:test reports to that one.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const { stdout } = await promisify(execFile)(process.execPath, ['--test', '--test-reporter=tap', file], {
      env,
    })
    expect(stdout).toMatch(/# pass 1\n# fail 0/)
  })

  it('leaves what was there before: its programs, not its insides', () => {
    const { resolve: find } = createRequire(join(project, 'package.json'))
    expect(find('sluice/bin/sluice.js')).toBe(join(ROOT, 'bin/sluice.js'))
    expect(find('sluice/package.json')).toBe(join(ROOT, 'package.json'))
    expect(() => find('sluice/src/embedded/testing.ts')).toThrow('not defined by "exports"')
  })
})

describe('under the compiler', () => {
  function compile(text: string): string {
    const file = write('uses.ts', text)
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'esnext', '--types', 'node']
    try {
      return execFileSync(process.execPath, [COMPILER, ...options, file], { cwd: project, encoding: 'utf8' })
    } catch (error) {
      return String((error as { stdout?: string }).stdout)
    }
  }

  it('is typed', () => {
    const told = compile(`import { startCluster, startSimulation, type TestCluster } from 'sluice/testing'
await using cluster = await startCluster({ nodes: 3, latency: 'wan', storage: 'folder' })
const brokers: string[] = cluster.bootstrap
const fault = cluster.fail('Produce', { code: 'NOT_LEADER_OR_FOLLOWER', times: 2, topic: 'orders' })
const struck: number = fault.struck
cluster.delay('Fetch', { ms: 500 })
await cluster.advance('7d')
await using simulated = await startSimulation({ seed: 1 })
const both: TestCluster[] = [cluster, simulated]
await simulated.settled(simulated.client().refresh(null))
export { both, brokers, struck }
`)
    expect(told).toBe('')
  })

  it('does not compile with what cannot be', () => {
    const wrong = [
      [`cluster.fail('Prduce', { code: 'NOT_LEADER_OR_FOLLOWER' })`, '"Prduce"'],
      [`cluster.fail('Produce', { code: 'NOT_LEADER' })`, '"NOT_LEADER"'],
      [
        `cluster.fail('Heartbeat', { code: 'UNKNOWN_MEMBER_ID', topic: 'orders' })`,
        `'string' is not assignable`,
      ],
      [`cluster.delay('Fetch', { seconds: 1 })`, 'seconds'],
      [`await cluster.advance('7 days')`, '"7 days"'],
      [`await startCluster({ latency: 'moon' })`, '"moon"'],
    ] as const
    const told = compile(
      [
        `import { startCluster } from 'sluice/testing'; await using cluster = await startCluster()`,
        ...wrong.map(([line]) => line),
        'export {}',
      ].join('\n'),
    )
    const errors = told.split('\n').filter((line) => line.startsWith('uses.ts'))
    expect(errors).toHaveLength(wrong.length)
    for (const [index, [, words]] of wrong.entries()) {
      expect(errors[index]).toContain(`uses.ts(${index + 2},`)
      expect(errors[index]).toContain(words)
    }
  })
})
