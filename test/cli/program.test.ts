/**
 * The command line as a person or script uses it: the built program against a broker of its own.
 */
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BrokerProcess, startBroker } from '../cluster/broker-process.ts'

const PROGRAM = resolve(import.meta.dirname, '../../bin/sluice.js')

let broker: BrokerProcess

beforeAll(async () => {
  broker = await startBroker({ settings: { 'num.partitions': '2' } })
})

afterAll(() => broker.close())

interface Outcome {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

function run(words: readonly string[], input = ''): Promise<Outcome> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [PROGRAM, ...words], {
      env: { ...process.env, SLUICE_BOOTSTRAP: broker.bootstrap },
    })
    let output = ''
    let errors = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    child.on('close', (code) => done({ code, output, errors }))
    child.stdin.end(input)
  })
}

async function sluice(words: string, input = ''): Promise<string> {
  const { code, output, errors } = await run(words.split(' '), input)
  expect(errors.replace(/^\d+ records sent.*\n/gm, '')).toBe('')
  expect(code).toBe(0)
  return output
}

describe('sluice topic', () => {
  it('creates, lists, describes, grows, alters and deletes', async () => {
    await sluice('topic create plants -p 3 -c retention.ms=1000')
    expect(JSON.parse(await sluice('topic list -o json'))).toContainEqual({
      topic: 'plants',
      partitions: 3,
      replicas: 1,
    })
    await sluice('topic add-partitions plants 4')
    await sluice('topic alter plants --set cleanup.policy=compact --unset retention.ms')
    const described = await sluice('topic describe plants')
    expect(described).toContain('cleanup.policy=compact')
    expect(described).not.toContain('retention.ms')
    expect(JSON.parse(await sluice('topic describe plants -o json'))).toHaveLength(4)
    await sluice('topic delete plants')
    expect(await sluice('topic list')).not.toContain('plants')
  })

  it("uses the broker's defaults and is content with --if-not-exists", async () => {
    await sluice('topic create twice')
    await sluice('topic create twice --if-not-exists')
    expect(JSON.parse(await sluice('topic describe twice -o json'))).toHaveLength(2)
  })
})

describe('sluice produce and consume', () => {
  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'])(
    'carry lines unchanged with compression %s',
    async (codec) => {
      const lines = Array.from({ length: 500 }, (_, index) => `k${index}:line ${index} — ümlaut`)
      await sluice(
        `produce carried-${codec} --key-separator : --compression ${codec} --idempotent -H a=b`,
        lines.join('\n'),
      )
      const printed = await sluice(`consume carried-${codec} -b --format %k:%v|%h\\n`)
      expect(printed.trimEnd().split('\n').sort()).toEqual(lines.map((line) => `${line}|a=b`).sort())
    },
  )

  it('start where they are told to: offset, timestamp, partition, number', async () => {
    await sluice('produce starts -p 1', 'a\nb\nc\nd')
    expect(await sluice('consume starts -p 1 --offset 2')).toBe('c\nd\n')
    expect(await sluice('consume starts -p 1 -b -n 2')).toBe('a\nb\n')
    expect(await sluice('consume starts -p 1 --timestamp 0 -n 1 -o jsonl')).toMatch(
      /"partition":1,"offset":0,.*"value":"a"/,
    )
    expect(await sluice('consume starts')).toBe('')
  })

  it('tombstones and fixed keys', async () => {
    await sluice('produce stones -k same --null-on-empty', 'first\n\n')
    expect(await sluice('consume stones -b -o jsonl')).toMatch(/"key":"same","value":null/)
  })
})

describe('sluice group', () => {
  it('reads as a member, shows lag, moves offsets, forgets', async () => {
    await sluice('produce grouped -p 0', '1\n2\n3')
    expect(await sluice('consume grouped -g readers -b')).toBe('1\n2\n3\n')
    await sluice('produce grouped -p 0', '4')
    expect(await sluice('group list')).toMatch(/readers +Empty/)
    const described = JSON.parse(await sluice('group describe readers -o json'))
    expect(described).toContainEqual(
      expect.objectContaining({ partition: 0, committedOffset: 3, logEndOffset: 4, lag: 1 }),
    )
    expect(await sluice('consume grouped -g readers')).toBe('4\n')
    await sluice('group reset readers -t grouped --to offset --value 2 -p 0')
    expect(await sluice('consume grouped -g readers')).toBe('3\n4\n')
    await sluice('group delete readers')
    expect(await sluice('group list')).not.toContain('readers')
  })
})

describe('sluice config and cluster', () => {
  it('read and change settings of topics and brokers', async () => {
    await sluice('topic create tuned')
    await sluice('config alter tuned --set retention.ms=5000')
    expect(await sluice('config describe tuned')).toMatch(/retention.ms +5000 +topic/)
    await sluice('config alter 1 -t broker --set log.retention.ms=7000')
    expect(await sluice('config describe 1 -t broker')).toMatch(/log.retention.ms +7000 +dynamic broker/)
    await sluice('config alter 1 -t broker --unset log.retention.ms')
    const [node] = JSON.parse(await sluice('cluster info -o json'))
    expect(node).toMatchObject({ broker: 1, port: broker.port, controller: true })
  })
})

describe('sluice log dump', () => {
  it('shows batches and records of a segment file, and says where one is torn', async () => {
    await sluice('produce dumped -p 0 -k key', 'value')
    const file = join(broker.dataDirectory, 'dumped-0', '00000000000000000000.log')
    expect(readdirSync(join(broker.dataDirectory, 'dumped-0'))).toContain('00000000000000000000.log')
    expect(await sluice(`log dump ${file} -o jsonl`)).toMatch(/"baseOffset":0,"lastOffset":0,"count":1/)
    expect(await sluice(`log dump ${file} --records -o jsonl`)).toMatch(/"key":"key","value":"value"/)
    const torn = await run(['log', 'dump', PROGRAM])
    expect(torn.code).toBe(1)
    expect(torn.errors).toContain('no whole batch at byte 0')
  })
})

describe('sluice wire', () => {
  it('turns JSON into bytes and back, line by line, past what it cannot read', async () => {
    const json =
      '{"api":"Heartbeat","version":0,"kind":"request","json":{"groupId":"g","generationId":1,"memberId":"m"}}'
    const encoded = await sluice('wire encode', `${json}\nnonsense\n`)
    const [first = '', second = ''] = encoded.split('\n')
    expect(JSON.parse(first).hex).toBe('0001670000000100016d')
    expect(JSON.parse(second)).toHaveProperty('error')
    expect(JSON.parse(await sluice('wire decode', `${first}\n`)).json).toEqual({
      groupId: 'g',
      generationId: 1,
      memberId: 'm',
    })
  })
})

describe('failures', () => {
  it.each([
    [['topic', 'describe', 'nowhere'], 'topic nowhere'],
    [['topic', 'create', 'bad name'], 'contains one or more characters'],
    [['topic', 'create', 'x', '-c', 'retention.ms=abc'], 'Not a number of type LONG'],
    [['topic', 'alter', 'x'], 'nothing to change'],
    [['group', 'describe', 'nobody'], 'nobody'],
    [['consume', 'nowhere'], 'does not exist'],
    [['topic', 'list', '--bootstrap', '127.0.0.1:1'], 'is the broker running there?'],
    [['no-such-command'], 'unknown command'],
    [['topic', 'create', 'x', '-p', 'many'], 'whole number'],
  ])('%j ends with a sentence and an exit code', async (words, sentence) => {
    const { code, output, errors } = await run(words)
    expect(errors).toContain(sentence)
    expect(code).toBeGreaterThan(0)
    expect(output).toBe('')
  })

  it('a start that cannot be says why: a bad setting, a folder in use', async () => {
    const bad = await run(['start', '--set', 'log.retention.ms=abc'])
    expect(bad).toMatchObject({ code: 1, errors: expect.stringContaining('Not a number of type LONG') })
    const taken = await run(['start', '--listen', '127.0.0.1:0', '--data-dir', broker.dataDirectory])
    expect(taken).toMatchObject({ code: 1, errors: expect.stringContaining('is used by another broker') })
  })
})
