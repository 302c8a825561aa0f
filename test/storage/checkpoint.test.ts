import { describe, expect, it } from 'vitest'
import { AtomicFile, readSmallFile, replaceFileSync } from '../../src/storage/atomic-file.ts'
import {
  decodeEpochStarts,
  decodePartitionOffsets,
  encodeEpochStarts,
  encodePartitionOffsets,
} from '../../src/storage/checkpoint.ts'
import { decodeCleanShutdown, encodeCleanShutdown } from '../../src/storage/clean-shutdown.ts'
import { parseFolderName, suffixedFolderName } from '../../src/storage/folder-names.ts'
import { decodeMetaProperties, encodeMetaProperties } from '../../src/storage/meta-properties.ts'
import { decodePartitionMetadata, encodePartitionMetadata } from '../../src/storage/partition-metadata.ts'
import { TestWorld } from './support/world.ts'

describe('checkpoint files', () => {
  it('are read as Kafka writes them', () => {
    const text = '0\n2\n__share_group_state 0 2\nplain 3 123\n'
    const entries = [
      { topic: '__share_group_state', partition: 0, offset: 2 },
      { topic: 'plain', partition: 3, offset: 123 },
    ]
    expect(decodePartitionOffsets(Buffer.from(text))).toEqual(entries)
    expect(encodePartitionOffsets(entries).toString()).toBe(text)
    expect(encodePartitionOffsets([]).toString()).toBe('0\n0\n')
    expect(encodeEpochStarts([{ epoch: 2, startOffset: 120 }]).toString()).toBe('0\n1\n2 120\n')
  })

  it('trap 5: are void when torn at any byte, empty, of another version, or with a count that differs', () => {
    const whole = Buffer.from('0\n2\na 0 12\nb 1 345\n')
    for (let size = 0; size < whole.length; size++) {
      expect(decodePartitionOffsets(whole.subarray(0, size)), `${size} bytes`).toBeNull()
    }
    for (const bad of [
      '1\n0\n',
      '0\n1\n',
      '0\n1\na 0 -1\n',
      '0\n1\na 0 1 2\n',
      '0\n1\na 0\n',
      '0\n1\na 0 99999999999999999\n',
      '0\n0\nx\n',
    ]) {
      expect(decodePartitionOffsets(Buffer.from(bad)), bad).toBeNull()
    }
    for (const bad of ['0\n2\n1 5\n1 6\n', '0\n2\n1 5\n2 4\n', '0\n1\nx 4\n', '\n', '']) {
      expect(decodeEpochStarts(Buffer.from(bad)), bad).toBeNull()
    }
  })

  it('trap 5: writers take turns, and the newest content wins', () => {
    const world = new TestWorld()
    const file = new AtomicFile(world.disk, '/data/f')
    const answers: string[] = []
    for (const content of ['first', 'second', 'third']) {
      file.replace(
        () => Buffer.from(content),
        (error) => answers.push(`${content} ${error?.code ?? 'ok'}`),
      )
    }
    world.settle()
    expect(answers).toEqual(['first ok', 'second ok', 'third ok'])
    expect(readSmallFile(world.disk, '/data/f')?.toString()).toBe('third')
    expect(world.disk.counts.get('rename')).toBe(2)
    expect(world.disk.list('/data').map((entry) => entry.name)).toEqual(['f'])
  })

  it('trap 5: a failed or interrupted replacement leaves the old file', () => {
    const world = new TestWorld()
    world.disk.syncDirectorySync('/data')
    replaceFileSync(world.disk, '/data/f', Buffer.from('old'))
    const file = new AtomicFile(world.disk, '/data/f')
    world.disk.capacityBytes = 4
    let code = ''
    file.replace(
      () => Buffer.from('newer'),
      (error) => {
        code = error?.code ?? ''
      },
    )
    world.settle()
    expect(code).toBe('ENOSPC')
    world.disk.capacityBytes = Number.POSITIVE_INFINITY
    expect(readSmallFile(world.disk, '/data/f')?.toString()).toBe('old')
    file.replace(
      () => Buffer.from('newest'),
      () => {},
    )
    world.clock.advance(2)
    world.die(() => 0)
    expect(readSmallFile(world.disk, '/data/f')?.toString()).toBe('old')
  })

  it('trap 4: a replacement that answered survives a power cut', () => {
    const world = new TestWorld()
    world.disk.syncDirectorySync('/')
    const file = new AtomicFile(world.disk, '/data/f')
    file.replace(
      () => Buffer.from('kept'),
      () => {},
    )
    world.settle()
    world.die(() => 0)
    expect(readSmallFile(world.disk, '/data/f')?.toString()).toBe('kept')
    expect(readSmallFile(world.disk, '/data/none')).toBeNull()
  })
})

describe('the small files of a log directory', () => {
  it('tell identity, topic and clean stop, and nothing when torn', () => {
    const properties = {
      nodeId: 7,
      clusterId: 'Kq_BP5tmQY-nJyA90Dr32w',
      directoryId: 'lG4TbFBJTmynMG-4w7mjgw',
    }
    expect(decodeMetaProperties(encodeMetaProperties(properties))).toEqual(properties)
    expect(decodeMetaProperties(Buffer.from('#\nversion=0\nbroker.id=1\ncluster.id=x\n'))).toBeNull()
    expect(decodeMetaProperties(Buffer.alloc(0))).toBeNull()
    expect(encodePartitionMetadata('gNOKm0zfSmuhIFWS93um1A').toString()).toBe(
      'version: 0\ntopic_id: gNOKm0zfSmuhIFWS93um1A',
    )
    expect(decodePartitionMetadata(Buffer.from('version: 0\ntopic_id: gNOKm0zfSmuhIFWS93um1A'))).toBe(
      'gNOKm0zfSmuhIFWS93um1A',
    )
    expect(decodePartitionMetadata(Buffer.from('version: 0\ntopic_id: gNOKm0zfSmuhIF'))).toBeNull()
    expect(decodeCleanShutdown(encodeCleanShutdown(205))).toBe(205)
    expect(decodeCleanShutdown(Buffer.alloc(0))).toBe(-1)
  })

  it('folder names: live, on the way out, on the way in, nobody’s', () => {
    const id = '0123456789abcdef0123456789abcdef'
    expect(parseFolderName('my-topic.x_1-12')).toEqual({ topic: 'my-topic.x_1', partition: 12, kind: 'live' })
    for (const kind of ['delete', 'future', 'stray'] as const) {
      const name = suffixedFolderName('t', 3, kind, id)
      expect(name).toBe(`t-3.${id}-${kind}`)
      expect(parseFolderName(name)).toEqual({ topic: 't', partition: 3, kind })
    }
    expect(suffixedFolderName('x'.repeat(249), 3, 'delete', id).length).toBe(255)
    for (const name of ['lost+found', 't', 't-', 't-01', 't-99999999999', '../x-1', `t-1.${id}-gone`]) {
      expect(parseFolderName(name), name).toBeNull()
    }
  })
})
