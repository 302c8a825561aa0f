/**
 * `sluice consume TOPIC`: prints records, alone or as a member of a group.
 *
 * Without `--follow` it ends when it has read what was there at the start; with a group it commits after
 * printing. The format string knows %t topic, %p partition, %o offset, %T timestamp, %k key, %v value, %h
 * headers, \n and \t.
 */
import type { Command } from 'commander'
import type { Cluster } from '../client/cluster.ts'
import { Consumer } from '../client/consumer.ts'
import { EARLIEST, type FetchedPartition, LATEST, lookUpOffset } from '../client/fetcher.ts'
import type { ReceivedRecord } from '../client/record-set.ts'
import { type CliContext, type ClusterFlags, wholeNumber, withCluster, withClusterFlags } from './context.ts'

interface ConsumeFlags extends ClusterFlags {
  readonly fromBeginning?: boolean
  readonly offset?: number
  readonly timestamp?: string
  readonly partition?: number
  readonly group?: string
  readonly format: string
  readonly follow?: boolean
  readonly max?: number
  readonly readCommitted?: boolean
}

interface Position {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

function headersText(record: ReceivedRecord): string {
  return record.headers.map((header) => `${header.key}=${header.value?.toString('utf8') ?? ''}`).join(',')
}

/** One record by the format string. */
export function formatted(format: string, topic: string, partition: number, record: ReceivedRecord): string {
  return format.replace(
    /%([tpoTkvh%])|\\([nt\\])/g,
    (_, field: string | undefined, escaped: string | undefined) => {
      switch (field ?? escaped) {
        case 't':
          return field === undefined ? '\t' : topic
        case 'p':
          return String(partition)
        case 'o':
          return String(record.offset)
        case 'T':
          return String(record.timestampMs)
        case 'k':
          return record.key?.toString('utf8') ?? ''
        case 'v':
          return record.value?.toString('utf8') ?? ''
        case 'h':
          return headersText(record)
        case 'n':
          return '\n'
        default:
          return field ?? escaped ?? ''
      }
    },
  )
}

function jsonLine(topic: string, partition: number, record: ReceivedRecord): string {
  return `${JSON.stringify({
    topic,
    partition,
    offset: record.offset,
    timestamp: record.timestampMs,
    key: record.key?.toString('utf8') ?? null,
    value: record.value?.toString('utf8') ?? null,
    headers: record.headers.map((header) => [header.key, header.value?.toString('utf8') ?? null]),
  })}\n`
}

/** A date, or milliseconds since 1970. */
function timeOf(text: string): bigint {
  const ms = /^\d+$/.test(text) ? Number(text) : Date.parse(text)
  if (!Number.isFinite(ms)) throw new Error(`"${text}" is neither a date nor milliseconds since 1970`)
  return BigInt(ms)
}

async function startOffset(
  cluster: Cluster,
  topic: string,
  partition: number,
  flags: ConsumeFlags,
): Promise<number> {
  if (flags.offset !== undefined) return flags.offset
  if (flags.timestamp !== undefined) {
    const found = await lookUpOffset(cluster, topic, partition, timeOf(flags.timestamp))
    return found < 0 ? lookUpOffset(cluster, topic, partition, LATEST) : found
  }
  return lookUpOffset(cluster, topic, partition, flags.fromBeginning === true ? EARLIEST : LATEST)
}

async function positionsOf(cluster: Cluster, topic: string, flags: ConsumeFlags): Promise<Position[]> {
  const { partitions } = await cluster.topic(topic)
  const wanted = partitions
    .map((partition) => partition.partitionIndex)
    .filter((index) => flags.partition === undefined || index === flags.partition)
  if (wanted.length === 0) throw new Error(`topic ${topic} has no partition ${flags.partition}`)
  return Promise.all(
    wanted.map(async (partition) => ({
      topic,
      partition,
      offset: await startOffset(cluster, topic, partition, flags),
    })),
  )
}

/** Prints what comes; says when it is enough. */
class Printer {
  readonly #context: CliContext
  readonly #flags: ConsumeFlags
  #printed = 0
  /** Ends of the partitions when the reading began; those that are reached are taken out. */
  readonly #ends: Map<number, number>

  constructor(context: CliContext, flags: ConsumeFlags, ends: ReadonlyMap<number, number>) {
    this.#context = context
    this.#flags = flags
    this.#ends = new Map(ends)
  }

  get finished(): boolean {
    return (
      this.#printed >= (this.#flags.max ?? Number.POSITIVE_INFINITY) ||
      (this.#flags.follow !== true && this.#ends.size === 0)
    )
  }

  async print(fetched: FetchedPartition): Promise<boolean> {
    const { topic, partition } = fetched
    let text = ''
    for (const record of fetched.records) {
      if (this.#printed >= (this.#flags.max ?? Number.POSITIVE_INFINITY)) break
      this.#printed++
      text +=
        this.#flags.output === 'table'
          ? formatted(this.#flags.format, topic, partition, record)
          : jsonLine(topic, partition, record)
    }
    if (text !== '') await this.#context.terminal.write(text)
    const last = fetched.records.at(-1)?.offset ?? -1
    const end = this.#ends.get(partition)
    if (end !== undefined && last + 1 >= end) this.#ends.delete(partition)
    return !this.finished
  }
}

async function endsOf(
  cluster: Cluster,
  topic: string,
  positions: readonly Position[] | null,
): Promise<Map<number, number>> {
  const ends = new Map<number, number>()
  const { partitions } = await cluster.topic(topic)
  for (const { partitionIndex } of partitions) {
    const position = positions?.find((one) => one.partition === partitionIndex)
    if (positions !== null && position === undefined) continue
    const end = await lookUpOffset(cluster, topic, partitionIndex, LATEST)
    if (end > (position?.offset ?? 0)) ends.set(partitionIndex, end)
  }
  return ends
}

async function consume(
  context: CliContext,
  cluster: Cluster,
  topic: string,
  flags: ConsumeFlags,
): Promise<void> {
  const consumer = new Consumer(cluster, {
    fromBeginning: flags.fromBeginning ?? false,
    readCommitted: flags.readCommitted ?? false,
  })
  context.terminal.onSignal('SIGINT', () => consumer.stop())
  context.terminal.onSignal('SIGTERM', () => consumer.stop())
  if (flags.group !== undefined) {
    const printer = new Printer(context, flags, await endsOf(cluster, topic, null))
    // A group may have read all there is before: quiet means done, unless more is wanted.
    await consumer.readAsMember(
      flags.group,
      [topic],
      (fetched) => printer.print(fetched),
      () => flags.follow === true,
    )
    return
  }
  const positions = await positionsOf(cluster, topic, flags)
  const printer = new Printer(
    context,
    flags,
    flags.follow === true ? new Map() : await endsOf(cluster, topic, positions),
  )
  if (printer.finished) return
  await consumer.readFrom(positions, (fetched) => printer.print(fetched))
}

export function addConsumeCommand(program: Command, context: CliContext): void {
  withClusterFlags(program.command('consume <topic>').description('print the records of a topic'), context)
    .option('-b, --from-beginning', 'start at the first record (of a group: where nothing was committed)')
    .option('--offset <n>', 'start at this offset', wholeNumber)
    .option(
      '--timestamp <time>',
      'start at the first record of this time: a date, or milliseconds since 1970',
    )
    .option('-p, --partition <n>', 'only this partition', wholeNumber)
    .option('-g, --group <id>', 'read as a member of this group and commit')
    .option('--format <text>', 'how to print a record', '%v\\n')
    .option('-F, --follow', 'wait for more records')
    .option('-n, --max <n>', 'end after so many records', wholeNumber)
    .option('--read-committed', 'leave out what transactions have not committed')
    .action((topic: string, flags: ConsumeFlags) =>
      withCluster(context, flags, (cluster) => consume(context, cluster, topic, flags)),
    )
}
