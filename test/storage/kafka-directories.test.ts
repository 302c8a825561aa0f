import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { folderName } from '../../src/storage/folder-names.ts'
import type { Log } from '../../src/storage/log.ts'
import type { LogManager } from '../../src/storage/log-manager.ts'
import {
  batchesIn,
  createManager,
  type DumpedBatch,
  dumpedBatches,
  readAll,
  TOPICS,
  unpack,
} from './support/golden.ts'

function logOf(manager: LogManager, topic: string): Log {
  const log = manager.log(topic, 0)
  if (log === null) throw new Error(`no log of ${topic}`)
  return log
}

function withoutPosition({ position: _, ...batch }: DumpedBatch): Omit<DumpedBatch, 'position'> {
  return batch
}

/** Every batch that Kafka's dump shows of the clean directory. */
function dumped(topic: string): Array<Omit<DumpedBatch, 'position'>> {
  return [...dumpedBatches(topic).values()].flat().map(withoutPosition)
}

function filesOf(folder: string): Map<string, string> {
  const files = new Map<string, string>()
  for (const name of readdirSync(folder).sort())
    files.set(name, readFileSync(join(folder, name)).toString('hex'))
  return files
}

describe('a log directory that Kafka wrote', () => {
  let cleanUp: Array<() => void> = []
  afterEach(() => {
    for (const step of cleanUp) step()
    cleanUp = []
  })

  async function open(name: 'whole-clean' | 'whole-unclean'): Promise<{ manager: LogManager; path: string }> {
    const directory = unpack(name)
    const manager = createManager([directory.path])
    cleanUp.push(() => manager.abandon(), directory.remove)
    manager.openDirectories()
    await manager.load()
    return { manager, path: directory.path }
  }

  it('opens with its identity, its offsets and every record', async () => {
    const { manager } = await open('whole-clean')
    expect(manager.directories[0]?.properties).toEqual({
      nodeId: 1,
      clusterId: 'Kq_BP5tmQY-nJyA90Dr32w',
      directoryId: 'lG4TbFBJTmynMG-4w7mjgw',
    })
    expect(manager.directories[0]?.brokerEpochAtStop).toBe(205)
    for (const topic of TOPICS) {
      const log = logOf(manager, topic)
      const batches = dumped(topic)
      expect(log.damage, topic).toBeNull()
      expect(log.logEndOffset, topic).toBe((batches.at(-1)?.lastOffset ?? -1) + 1)
      const first = batches.filter((batch) => batch.lastOffset >= log.logStartOffset)
      expect(batchesIn(await readAll(log, log.logStartOffset)), topic).toEqual(first)
    }
    const plain = logOf(manager, 'plain')
    expect([plain.logStartOffset, plain.highWatermark]).toEqual([15, 123])
    expect(plain.topicId).toMatch(/^gNOK/)
    expect(plain.endOffsetForLeaderEpoch(0)).toEqual({ leaderEpoch: 0, endOffset: 120 })
  })

  it('knows producers, open transactions and aborted ones', async () => {
    const { manager } = await open('whole-clean')
    const txn = logOf(manager, 'txn')
    expect(
      txn
        .activeProducers()
        .map((producer) => [producer.producerId, producer.producerEpoch, producer.lastSequence]),
    ).toEqual([
      [6n, 4, -1],
      [7n, 4, 0],
      [8n, 0, 0],
    ])
    expect(txn.lastStableOffset).toBe(33)
    expect(
      txn.abortedTransactions(0, 34).map(({ producerId, firstOffset }) => [producerId, firstOffset]),
    ).toEqual([
      [7n, 0],
      [6n, 8],
      [7n, 9],
      [7n, 16],
      [6n, 24],
    ])
    expect(txn.abortedTransactions(0, 8).map((entry) => entry.firstOffset)).toEqual([0])
  })

  it('is byte for byte the same after our clean stop, and opens again', async () => {
    const { manager, path } = await open('whole-clean')
    const before = new Map(TOPICS.map((topic) => [topic, filesOf(join(path, folderName(topic, 0)))]))
    await manager.stop(7)
    for (const topic of TOPICS)
      expect(filesOf(join(path, folderName(topic, 0))), topic).toEqual(before.get(topic))
    expect(readFileSync(join(path, '.kafka_cleanshutdown'), 'utf8')).toBe('{"version":0,"brokerEpoch":7}')
    const again = createManager([path])
    again.openDirectories()
    expect(await again.load()).toMatchObject({ logCount: 7, wasClean: true, brokerEpochAtStop: 7 })
    expect(logOf(again, 'plain').logStartOffset).toBe(15)
    again.abandon()
  })

  it('opens after a kill -9: the same records, indexes rebuilt as Kafka rebuilds them', async () => {
    const { manager, path } = await open('whole-unclean')
    for (const topic of TOPICS) {
      const log = logOf(manager, topic)
      expect(log.damage, topic).toBeNull()
      const found = batchesIn(await readAll(log, log.logStartOffset))
      const expected = dumped(topic).filter((batch) => batch.lastOffset >= log.logStartOffset)
      expect(found.length).toBeGreaterThan(0)
      expect(found, topic).toEqual(expected.slice(0, found.length))
      expect(expected.length - found.length, topic).toBeLessThan(topic === '__cluster_metadata' ? 100 : 2)
    }
    const txn = logOf(manager, 'txn')
    expect(txn.lastStableOffset).toBe(Math.min(txn.highWatermark, 33))
    await manager.stop(1)
    const clean = unpack('whole-clean')
    cleanUp.push(clean.remove)
    // Sealed segments, whose files the later clean run left alone, must be the same to the last byte.
    for (const topic of ['plain', 'txn', 'compact']) {
      const ours = filesOf(join(path, `${topic}-0`))
      const theirs = filesOf(join(clean.path, `${topic}-0`))
      const sealed = [...theirs.keys()].filter((name) => /\.(index|timeindex|txnindex|log)$/.test(name))
      const lastBase =
        sealed
          .map((name) => name.slice(0, 20))
          .sort()
          .at(-1) ?? ''
      for (const name of sealed) {
        if (!name.startsWith(lastBase)) expect(ours.get(name), `${topic} ${name}`).toBe(theirs.get(name))
      }
    }
  })
})
