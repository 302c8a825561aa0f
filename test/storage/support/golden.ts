/**
 * Log directories that Kafka itself wrote, unpacked for a test, and what Kafka's own dump says of them.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { silentLog } from '../../../src/runtime/log.ts'
import { createNodeClock } from '../../../src/runtime/node/clock.ts'
import { createNodeDisk } from '../../../src/runtime/node/disk.ts'
import { nodeRandom } from '../../../src/runtime/node/random.ts'
import type { Log } from '../../../src/storage/log.ts'
import { defaultLogConfig, type LogConfig } from '../../../src/storage/log-config.ts'
import { LogManager } from '../../../src/storage/log-manager.ts'

const GOLDEN = join(import.meta.dirname, '../../golden/log-dirs')

export const TOPICS = [
  'plain',
  'txn',
  'compact',
  '__consumer_offsets',
  '__transaction_state',
  '__share_group_state',
  '__cluster_metadata',
] as const

export function unpack(name: 'whole-clean' | 'whole-unclean'): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'sluice-golden-'))
  execFileSync('tar', ['xzf', join(GOLDEN, `${name}.tar.gz`), '-C', path])
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** The settings of the broker that wrote the directories, as far as files show them. */
export function goldenConfig(topic: string): LogConfig {
  const isOwn = topic === 'plain' || topic === 'txn' || topic === 'compact'
  const compacts = topic === 'compact' || topic === '__consumer_offsets' || topic === '__transaction_state'
  return { ...defaultLogConfig, indexIntervalBytes: isOwn ? 200 : 4096, compacts, deletes: !compacts }
}

export function createManager(directories: readonly string[]): LogManager {
  const world = {
    clock: createNodeClock(),
    disk: createNodeDisk(),
    random: nodeRandom,
    log: silentLog,
  }
  return new LogManager(world, {
    directories,
    configOf: goldenConfig,
    openFilesMax: 100,
    checkpointIntervalMs: 60_000,
  })
}

export interface DumpedBatch {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly count: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly leaderEpoch: number
  readonly position: number
  readonly sizeBytes: number
  readonly crc: number
}

/** What the dump of a topic's partition 0 says of each batch, by segment file. */
export function dumpedBatches(topic: string): Map<string, DumpedBatch[]> {
  const text = gunzipSync(readFileSync(join(GOLDEN, `${topic}-0.dump.txt.gz`))).toString('utf8')
  const segments = new Map<string, DumpedBatch[]>()
  let current: DumpedBatch[] = []
  for (const line of text.split('\n')) {
    const file = /^# \S+\/(\d{20}\.log)$/.exec(line)?.[1]
    if (file !== undefined) segments.set(file, (current = []))
    else if (line.startsWith('# ')) current = []
    if (!line.startsWith('baseOffset:')) continue
    const field = (name: string): number => Number(new RegExp(`\\b${name}: (-?\\d+)`).exec(line)?.[1])
    current.push({
      baseOffset: field('baseOffset'),
      lastOffset: field('lastOffset'),
      count: field('count'),
      producerId: field('producerId'),
      producerEpoch: field('producerEpoch'),
      leaderEpoch: field('partitionLeaderEpoch'),
      position: field('position'),
      sizeBytes: field('size'),
      crc: field('crc'),
    })
  }
  return segments
}

/** Everything that a log answers from `offset` on. */
export function readAll(log: Log, offset: number): Promise<Buffer> {
  const parts: Buffer[] = []
  return new Promise((resolve, reject) => {
    const step = (from: number): void => {
      const options = {
        sizeBytesMax: 1024 * 1024,
        upperBoundOffset: Number.POSITIVE_INFINITY,
        atLeastOneBatch: true,
        skipsEmptyBatches: false,
      }
      log.read(from, options, (outcome) => {
        if (!outcome.ok) {
          reject(new Error(outcome.message))
          return
        }
        parts.push(...outcome.buffers.map((buffer) => Buffer.from(buffer)))
        outcome.release()
        if (outcome.nextOffset >= log.logEndOffset || outcome.sizeBytes === 0) resolve(Buffer.concat(parts))
        else step(outcome.nextOffset)
      })
    }
    step(offset)
  })
}

export function batchesIn(bytes: Buffer): Array<Omit<DumpedBatch, 'position'>> {
  const batches: Array<Omit<DumpedBatch, 'position'>> = []
  for (let at = 0; at < bytes.length; at += 12 + bytes.readInt32BE(at + 8)) {
    const baseOffset = Number(bytes.readBigInt64BE(at))
    batches.push({
      baseOffset,
      lastOffset: baseOffset + bytes.readInt32BE(at + 23),
      count: bytes.readInt32BE(at + 57),
      producerId: Number(bytes.readBigInt64BE(at + 43)),
      producerEpoch: bytes.readInt16BE(at + 51),
      leaderEpoch: bytes.readInt32BE(at + 12),
      sizeBytes: 12 + bytes.readInt32BE(at + 8),
      crc: bytes.readUInt32BE(at + 17),
    })
  }
  return batches
}
