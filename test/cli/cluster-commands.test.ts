/** The command line against a cluster of three that `start --nodes 3` runs, as an operator uses both. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../faults/script.ts'

const PROGRAM = resolve(import.meta.dirname, '../../bin/sluice.js')
const NODES = 3
const QUORUM_PORT_OFFSET = 1_000
const LAST_PORT = 65_535

const directory = mkdtempSync(join(tmpdir(), 'sluice-local-'))
let nodes: ChildProcess
let bootstrap = ''

interface Outcome {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer()
    server.once('error', () => done(false))
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)))
  })
}

/** A port after which, for clients and for the quorum, the next ones are free as well. */
async function freeRange(): Promise<number> {
  for (;;) {
    const server = createServer()
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as AddressInfo
    await new Promise((done) => server.close(done))
    const wanted = Array.from({ length: NODES }, (_, node) => [
      port + node,
      port + QUORUM_PORT_OFFSET + node,
    ]).flat()
    if (Math.max(...wanted) > LAST_PORT) continue
    if ((await Promise.all(wanted.map(isFree))).every(Boolean)) return port
  }
}

function run(words: readonly string[]): Promise<Outcome> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [PROGRAM, ...words], {
      env: { ...process.env, SLUICE_BOOTSTRAP: bootstrap },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let errors = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    child.on('close', (code) => done({ code, output, errors }))
  })
}

async function rows<Row>(words: string): Promise<Row[]> {
  const { code, output, errors } = await run([...words.split(' '), '-o', 'json'])
  expect([code, errors]).toEqual([0, expect.not.stringContaining('sluice:')])
  return JSON.parse(output) as Row[]
}

beforeAll(async () => {
  const port = await freeRange()
  bootstrap = `127.0.0.1:${port}`
  const words = ['start', '--nodes', String(NODES), '--listen', `127.0.0.1:${port}`, '--data-dir', directory]
  nodes = spawn(process.execPath, [PROGRAM, ...words, '--set', 'log.level=error'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise<void>((done, fail) => {
    let output = ''
    nodes.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      if (output.includes('point any Kafka client at')) done()
    })
    nodes.once('exit', (code) => fail(new Error(`the nodes ended with ${code}`)))
  })
}, 60_000)

afterAll(async () => {
  const ended = new Promise((done) => nodes.once('exit', done))
  nodes.kill('SIGINT')
  expect(await ended).toBe(0)
  rmSync(directory, { recursive: true, force: true })
}, 30_000)

/** Ends one of the node processes in order, as an operator on its machine would. */
async function stopNode(node: number): Promise<void> {
  const list = await new Promise<string>((done) => {
    const found = spawn('pgrep', ['-f', `start --node-id ${node} .*${directory}/${node}`])
    let output = ''
    found.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    found.on('close', () => done(output))
  })
  const pid = Number(list.trim().split('\n')[0])
  process.kill(pid, 'SIGTERM')
  await until(`node ${node} has stopped`, 10_000, async () => {
    try {
      process.kill(pid, 0)
      return null
    } catch {
      return true
    }
  })
}

interface Placed {
  readonly partition: number
  readonly leader: number
  readonly replicas: string
  readonly isr: string
}

describe('sluice, with three nodes', () => {
  it('tells who there is, who votes, and that all is well', async () => {
    const brokers = await rows<{ broker: number; fenced: boolean }>('cluster brokers')
    expect(brokers.map(({ broker, fenced }) => [broker, fenced])).toEqual([
      [1, false],
      [2, false],
      [3, false],
    ])
    const quorum = await rows<{ node: number; role: string }>('cluster quorum')
    expect(quorum.map(({ role }) => role).sort()).toEqual(['leader', 'voter', 'voter'])
    const health = await rows<{ what: string; value: number }>('cluster describe')
    expect(health).toContainEqual({ what: 'partitions without a leader', value: 0 })
    expect(await rows<{ broker: number }>('log dirs')).toHaveLength(3)
  })

  it('shows a plan, carries it out, throttled, and has taken the throttle away after', async () => {
    await run(['topic', 'create', 'orders', '-p', '4', '--replication-factor', '2'])
    const plan = await run(['partition', 'reassign', 'orders', '--to', '1,2'])
    expect(plan.errors).toContain('--execute carries it out')
    const done = await run('partition reassign orders --to 1,2 --execute --throttle 50M'.split(' '))
    expect([done.code, done.errors]).toEqual([0, expect.stringContaining('partitions moved')])
    const placed = await rows<Placed>('topic describe orders')
    for (const { replicas } of placed) expect(replicas).not.toContain('3')
    expect(await rows('partition list-reassignments')).toEqual([])
    const configs = await rows<{ name: string; source: string }>('config describe orders -t topic')
    expect(configs.filter(({ name, source }) => name.includes('throttled') && source !== 'default')).toEqual(
      [],
    )
  })

  it('gives preferred leaders back what they should lead', async () => {
    const { code } = await run(['partition', 'elect-leader'])
    expect(code).toBe(0)
    const placed = await rows<Placed>('topic describe orders')
    for (const { leader, replicas } of placed) expect(String(leader)).toBe(replicas.split(',')[0])
  })

  it('lets replicas come again to a node that shall not leave after all', async () => {
    expect((await run('node drain 3 --execute'.split(' '))).code).toBe(0)
    const undone = await run('node drain 3 --undo'.split(' '))
    expect([undone.code, undone.output]).toEqual([0, 'new replicas may come to broker 3 again\n'])
    await run('topic create wide -p 3 --replication-factor 3'.split(' '))
    for (const { isr } of await rows<Placed>('topic describe wide')) expect(isr.split(',')).toHaveLength(3)
    const unknown = await run('config alter 3 -t broker --set cordoned.log.dirs=/nope'.split(' '))
    expect([unknown.code, unknown.errors]).toEqual([1, expect.stringContaining('Missing entries : /nope')])
    await run(['topic', 'delete', 'wide'])
  })

  it('drains a node, and takes one out of the quorum that holds nothing', async () => {
    const early = await run(['node', 'remove', '2'])
    expect([early.code, early.errors]).toEqual([1, expect.stringContaining('still holds replicas')])
    expect((await run('node drain 2 --execute'.split(' '))).code).toBe(0)
    const placed = await rows<Placed>('topic describe orders')
    for (const { replicas } of placed) expect(replicas).not.toContain('2')
    await run('topic create later -p 6 --replication-factor 2'.split(' '))
    for (const { replicas } of await rows<Placed>('topic describe later')) expect(replicas).not.toContain('2')
    const states = await rows<{ broker: number; state: string }>('log dirs')
    expect(states.map(({ state }) => state)).toEqual(['online', 'cordoned', 'online'])
    await stopNode(2)
    const removed = await run(['node', 'remove', '2'])
    expect([removed.code, removed.output]).toEqual([0, 'node 2 is not part of the cluster any more\n'])
    await until('node 2 votes no more', 10_000, async () => {
      const quorum = await rows<{ node: number; role: string }>('cluster quorum')
      return quorum.some(({ node, role }) => node === 2 && role !== 'observer') ? null : true
    })
  })

  it('refuses what one node alone can be told', async () => {
    const { code, errors } = await run(['start', '--nodes', '3', '--node-id', '7'])
    expect([code, errors]).toEqual([1, expect.stringContaining('--nodes runs whole nodes of its own')])
  })
})
