/**
 * `sluice produce TOPIC`: one record for each line of standard input or a file.
 *
 * Lines are gathered into batches; the count that is told at the end is what the broker acknowledged. On a
 * terminal it shows how far it is.
 */
import { type Command, Option } from 'commander'
import { type OutgoingRecord, Producer } from '../client/producer.ts'
import type { Terminal } from '../runtime/terminal.ts'
import { type CliContext, gatherPair, wholeNumber, withCluster, withClusterFlags } from './context.ts'
import { linesOf } from './lines.ts'

interface ProduceFlags {
  readonly bootstrap: string
  readonly file?: string
  readonly key?: string
  readonly keySeparator?: string
  readonly header?: Record<string, string>
  readonly partition?: number
  readonly acks: string
  readonly compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  readonly idempotent?: boolean
  readonly nullOnEmpty?: boolean
}

const LINES_PER_BATCH = 1_000
const BATCHES_UNDER_WAY = 4
const ACKS: Readonly<Record<string, 0 | 1 | -1>> = { '0': 0, '1': 1, '-1': -1, all: -1 }

function recordOf(line: Buffer, flags: ProduceFlags): OutgoingRecord {
  let key: Buffer | null = flags.key === undefined ? null : Buffer.from(flags.key)
  let value: Buffer | null = line
  if (flags.keySeparator !== undefined) {
    const at = line.indexOf(flags.keySeparator)
    if (at < 0)
      throw new Error(
        `a line has no "${flags.keySeparator}" between key and value: ${line.toString('utf8', 0, 60)}`,
      )
    key = line.subarray(0, at)
    value = line.subarray(at + Buffer.byteLength(flags.keySeparator))
  }
  if (flags.nullOnEmpty === true && value.length === 0) value = null
  const headers = Object.entries(flags.header ?? {}).map(([name, text]) => ({
    key: name,
    value: Buffer.from(text),
  }))
  return { key, value, headers, ...(flags.partition === undefined ? {} : { partition: flags.partition }) }
}

/** A line that is written over while work goes on; only where a person sees it. */
function progress(terminal: Terminal, count: number, done: boolean): void {
  if (terminal.errorIsTerminal && !terminal.inputIsTerminal)
    terminal.writeError(`\r${count} records sent${done ? '\n' : ''}`)
}

async function produceLines(
  context: CliContext,
  topic: string,
  producer: Producer,
  flags: ProduceFlags,
): Promise<number> {
  const { terminal } = context
  const input = flags.file === undefined ? terminal.readInput() : terminal.readFile(flags.file)
  let sent = 0
  let batch: OutgoingRecord[] = []
  let underWay: Promise<void>[] = []
  const send = (records: readonly OutgoingRecord[]): Promise<void> =>
    producer.send(topic, records).then(() => {
      sent += records.length
      progress(terminal, sent, false)
    })
  for await (const line of linesOf(input)) {
    batch.push(recordOf(line, flags))
    // A person who types wants each line sent when it is finished.
    if (batch.length < LINES_PER_BATCH && !terminal.inputIsTerminal) continue
    underWay.push(send(batch))
    batch = []
    if (underWay.length < BATCHES_UNDER_WAY) continue
    await Promise.all(underWay)
    underWay = []
  }
  await Promise.all(underWay)
  if (batch.length > 0) await send(batch)
  progress(terminal, sent, true)
  return sent
}

export function addProduceCommand(program: Command, context: CliContext): void {
  withClusterFlags(
    program.command('produce <topic>').description('send lines of standard input as records'),
    context,
  )
    .option('-f, --file <path>', 'read lines from a file instead')
    .option('-k, --key <text>', 'the same key for every record')
    .option('--key-separator <text>', 'the key stands before this text in each line')
    .option('-H, --header <name=value>', 'a header of every record, repeatable', gatherPair)
    .option('-p, --partition <n>', 'send to this partition', wholeNumber)
    .addOption(
      new Option('--acks <n>', 'how many replicas must have a record')
        .choices(Object.keys(ACKS))
        .default('all'),
    )
    .addOption(
      new Option('--compression <codec>', 'how batches are packed')
        .choices(['none', 'gzip', 'snappy', 'lz4', 'zstd'])
        .default('none'),
    )
    .option('--idempotent', 'a retry cannot double a record')
    .option('--null-on-empty', 'an empty value is a tombstone')
    .action((topic: string, flags: ProduceFlags) =>
      withCluster(context, flags, async (cluster) => {
        const producer = new Producer(cluster, {
          acks: ACKS[flags.acks] ?? -1,
          compression: flags.compression,
          idempotent: flags.idempotent ?? false,
        })
        const sent = await produceLines(context, topic, producer, flags)
        context.terminal.writeError(`${sent} records sent to ${topic}\n`)
      }),
    )
}
