/**
 * Crash points: every operation on the disk, stopped at every call that it makes, in every way.
 */
import { afterAll, describe, expect, it } from 'vitest'
import { OPERATIONS, type Operation, type OperationName } from './operation.ts'
import * as quorum from './quorum-operations.ts'
import * as storage from './storage-operations.ts'
import { type Row, walk } from './walk.ts'

const operations: Readonly<Record<OperationName, Operation>> = {
  append: storage.append,
  checkpoint: storage.checkpoint,
  'leader-epoch checkpoint': storage.epochCheckpoint,
  'producer snapshot': storage.producerSnapshot,
  'segment roll': storage.segmentRoll,
  retention: storage.retention,
  'compaction swap': storage.compaction,
  'log truncation': storage.truncation,
  'full truncation': storage.fullTruncation,
  'topic creation': storage.creation,
  'topic deletion': storage.deletion,
  'move to another directory': storage.move,
  'directory format': storage.format,
  'clean stop': storage.cleanStop,
  'start after a clean stop': storage.startClean,
  'start after a power cut': storage.startTorn,
  'start amid a compaction swap': storage.startAmidSwap,
  vote: quorum.vote,
  'metadata snapshot': quorum.snapshot,
  'snapshot installation': quorum.installation,
}

const WALK_MS_MAX = 120_000

describe('an operation that stops at any call of the disk', () => {
  const rows: Row[] = []

  it.each(OPERATIONS)(
    '%s',
    async (name) => {
      const row = await walk(name, operations[name])
      rows.push(row)
      expect(row.complaints).toEqual([])
      expect(row.calls).toBeGreaterThan(1)
      expect(row.boundaries).toBe(row.calls + 1)
      expect(row.callsFailed).toBe(row.calls)
    },
    WALK_MS_MAX,
  )

  it.each([
    ['a directory', 'topic creation', 'syncDirectory'],
    ['a file', 'append', 'sync'],
    ['the file of the votes', 'vote', 'sync'],
  ] as const)('fails on a disk that lies about syncing %s', async (_what, name, call) => {
    const row = await walk(name, operations[name], (operation) =>
      operation === call ? { kind: 'lying-sync' } : null,
    )
    expect(row.complaints.length).toBeGreaterThan(0)
  })

  it('has a row for every operation', () => {
    expect(rows.map(({ operation }) => operation)).toEqual([...OPERATIONS])
  })

  afterAll(() => console.log(tableOf(rows)))
})

function tableOf(rows: readonly Row[]): string {
  const cells = [
    ['operation', 'calls', 'boundaries', 'power cuts', 'disks', 'errors', 'outcome', 'calls by kind'],
    ...rows.map((row) => [
      row.operation,
      String(row.calls),
      String(row.boundaries),
      String(row.powerCuts),
      String(row.images),
      String(row.errors),
      row.complaints.length === 0 ? 'sound' : `${row.complaints.length} complaints`,
      [...row.callsByKind].map(([kind, count]) => `${kind} ${count}`).join(', '),
    ]),
  ]
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0))) ?? []
  return cells.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')).join('\n')
}
