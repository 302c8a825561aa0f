/**
 * `sluice log dump FILE…`: the batches and records of segment files, read without a broker.
 *
 * It only reads, and says where a file stops being whole instead of stopping itself.
 */
import type { Command } from 'commander'
import { BATCH_HEADER_BYTES, batchSizeBytes } from '../protocol/records/batch.ts'
import type { LegacyRecord } from '../protocol/records/legacy.ts'
import { type ReadBatch, readRecordSet } from '../protocol/records/record-set.ts'
import { limits } from '../runtime/limits.ts'
import type { CliContext } from './context.ts'
import { addLogDirsCommand } from './log-dirs.ts'
import type { OutputFormat } from './output.ts'
import { printRows, type Row } from './output.ts'

interface DumpFlags {
  readonly records?: boolean
  readonly output: OutputFormat
}

function batchRow(path: string, position: number, batch: ReadBatch): Row {
  if (batch.magic !== 2) return { file: path, position, magic: batch.magic, sizeBytes: batch.sizeBytes }
  const { header } = batch
  return {
    file: path,
    position,
    baseOffset: Number(header.baseOffset),
    lastOffset: Number(header.baseOffset) + header.lastOffsetDelta,
    count: batch.records?.length ?? null,
    leaderEpoch: header.partitionLeaderEpoch,
    producerId: Number(header.producerId),
    producerEpoch: header.producerEpoch,
    baseSequence: header.baseSequence,
    maxTimestamp: Number(header.maxTimestamp),
    sizeBytes: batch.sizeBytes,
    valid: batch.records !== null,
  }
}

const BATCH_COLUMNS = [
  'file',
  'position',
  'baseOffset',
  'lastOffset',
  'count',
  'leaderEpoch',
  'producerId',
  'baseSequence',
  'maxTimestamp',
  'sizeBytes',
  'valid',
]
const RECORD_COLUMNS = ['offset', 'timestamp', 'key', 'value', 'headers']

function recordRows(batch: ReadBatch): Row[] {
  const rows: Row[] = []
  const push = (record: LegacyRecord, headers: string): void => {
    rows.push({
      offset: Number(record.offset),
      timestamp: Number(record.timestamp),
      key: record.key?.toString('utf8') ?? null,
      value: record.value?.toString('utf8') ?? null,
      headers,
    })
  }
  if (batch.magic !== 2) for (const record of batch.records ?? []) push(record, '')
  else
    for (const record of batch.records ?? [])
      push(
        record,
        record.headers.map((header) => `${header.key}=${header.value?.toString('utf8') ?? ''}`).join(','),
      )
  return rows
}

/** Whole batches as they come, so that a file of any size can be dumped. */
async function* batchesOf(
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<{ position: number; bytes: Buffer; whole: boolean }> {
  let rest: Buffer = Buffer.alloc(0)
  let position = 0
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    while (rest.length >= BATCH_HEADER_BYTES) {
      const sizeBytes = batchSizeBytes(rest, 0)
      if (sizeBytes < BATCH_HEADER_BYTES || sizeBytes > limits.frameSizeBytesMax) {
        yield { position, bytes: rest, whole: false }
        return
      }
      if (rest.length < sizeBytes) break
      yield { position, bytes: rest.subarray(0, sizeBytes), whole: true }
      rest = rest.subarray(sizeBytes)
      position += sizeBytes
    }
  }
  if (rest.length > 0) yield { position, bytes: rest, whole: false }
}

async function dump(context: CliContext, path: string, flags: DumpFlags): Promise<boolean> {
  let sound = true
  const rows: Row[] = []
  for await (const { position, bytes, whole } of batchesOf(context.terminal.readFile(path))) {
    const read = whole ? readRecordSet(bytes, limits.decompressedBatchBytesMax) : null
    const [batch] = read?.ok === true ? read.value.batches : []
    if (batch === undefined) {
      sound = false
      context.terminal.writeError(`sluice: ${path}: no whole batch at byte ${position}\n`)
      break
    }
    if (batch.records === null) sound = false
    if (flags.records === true) rows.push(...recordRows(batch))
    else rows.push(batchRow(path, position, batch))
  }
  await printRows(
    context.terminal,
    flags.output,
    rows,
    flags.records === true ? RECORD_COLUMNS : BATCH_COLUMNS,
  )
  return sound
}

export function addLogCommands(program: Command, context: CliContext): void {
  const log = program.command('log').description('look into segment files and log directories')
  addLogDirsCommand(log, context)
  log
    .command('dump <file...>')
    .description('batches of .log and .checkpoint files')
    .option('-r, --records', 'the records instead of the batches')
    .option('-o, --output <format>', 'table, json or jsonl', 'table')
    .action(async (paths: string[], flags: DumpFlags) => {
      for (const path of paths) if (!(await dump(context, path, flags))) context.terminal.setExitCode(1)
    })
}
