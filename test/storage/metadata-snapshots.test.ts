import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decodeSnapshot, MetadataSnapshots, snapshotBatches } from '../../src/storage/metadata-snapshots.ts'
import { unpack } from './support/golden.ts'
import { TestWorld } from './support/world.ts'

const NOW = 1_700_000_000_000

function store(world: TestWorld): MetadataSnapshots {
  world.disk.makeDirectory('/data/__cluster_metadata-0')
  return new MetadataSnapshots(world.disk, '/data/__cluster_metadata-0', () => NOW)
}

async function settled<T>(world: TestWorld, promise: Promise<T>): Promise<T> {
  for (let i = 0; i < 20; i++) {
    world.clock.advance(5)
    await Promise.resolve()
  }
  return promise
}

describe('snapshots of the metadata log', () => {
  it('come back as they were written, the newest first', async () => {
    const world = new TestWorld()
    const snapshots = store(world)
    expect(snapshots.latest()).toBeNull()
    const values = Array.from({ length: 3_000 }, (_, i) => Buffer.from(`record ${i}`))
    await settled(world, snapshots.write(100, 3, values.slice(0, 10), NOW))
    await settled(world, snapshots.write(3_100, 4, values, NOW))
    expect(snapshots.list()).toEqual([
      { endOffset: 3_100, epoch: 4 },
      { endOffset: 100, epoch: 3 },
    ])
    expect(snapshots.latest()).toMatchObject({ endOffset: 3_100, epoch: 4, values })
    snapshots.removeOlderThan({ endOffset: 3_100, epoch: 4 })
    expect(snapshots.list()).toEqual([{ endOffset: 3_100, epoch: 4 }])
  })

  it('trap 14: one that is torn at any byte is none, and the older one counts', async () => {
    const world = new TestWorld()
    const snapshots = store(world)
    await settled(world, snapshots.write(10, 1, [Buffer.from('old')], NOW))
    await settled(world, snapshots.write(20, 1, [Buffer.from('new'), Buffer.from('newer')], NOW))
    const path = '/data/__cluster_metadata-0/00000000000000000020-0000000001.checkpoint'
    const whole = snapshots.read({ endOffset: 20, epoch: 1 }) ?? Buffer.alloc(0)
    for (let size = 0; size < whole.length; size++)
      expect(decodeSnapshot(whole.subarray(0, size)), `${size}`).toBeNull()
    const file = world.disk.open(path, 'read-write')
    file.truncateSync(whole.length - 1)
    expect(snapshots.latest()).toMatchObject({ endOffset: 10, values: [Buffer.from('old')] })
  })

  it('a power cut leaves the new one whole or not at all', async () => {
    const world = new TestWorld()
    const snapshots = store(world)
    world.disk.syncDirectorySync('/data')
    await settled(world, snapshots.write(10, 1, [Buffer.from('old')], NOW))
    await settled(world, snapshots.write(20, 1, [Buffer.from('new')], NOW))
    world.die(() => 0)
    expect(snapshots.latest()).toMatchObject({ endOffset: 20 })
  })

  it('writes the frame that Kafka writes, byte for byte, and reads all of Kafka’s own', () => {
    const clean = unpack('whole-clean')
    const folder = join(clean.path, '__cluster_metadata-0')
    const kafkas = readFileSync(join(folder, '00000000000000000097-0000000001.checkpoint'))
    expect(decodeSnapshot(kafkas)?.values.length).toBe(50)
    const bootstrap = readFileSync(join(clean.path, 'bootstrap.checkpoint'))
    expect(decodeSnapshot(bootstrap)?.values.length).toBe(6)
    // Header and footer of the bootstrap snapshot, whose times stand in their batch headers.
    const timeOf = (at: number): number => Number(bootstrap.readBigInt64BE(at + 27))
    const [header] = [...snapshotBatches(0, [], 0, timeOf(0))]
    expect(header?.equals(bootstrap.subarray(0, 83))).toBe(true)
    const ours = [...snapshotBatches(0, decodeSnapshot(bootstrap)?.values ?? [], 0, timeOf(83))][1]
    expect(ours?.equals(bootstrap.subarray(83, 336))).toBe(true)
    clean.remove()
  })

  it('takes a snapshot from another node piece by piece, and only when it is whole', async () => {
    const world = new TestWorld()
    const snapshots = store(world)
    const id = { endOffset: 7, epoch: 2 }
    await settled(world, snapshots.write(7, 2, [Buffer.from('a'), Buffer.from('b')], NOW))
    const pieces: Buffer[] = []
    for (let position = 0, isLast = false; !isLast; ) {
      const piece = await settled(world, snapshots.readPiece(id, position, 100))
      if (piece === null) return expect.unreachable('a piece cannot be read')
      pieces.push(piece.bytes)
      position += piece.bytes.length
      isLast = piece.isLast
    }
    expect(pieces.length).toBeGreaterThan(2)
    expect(await settled(world, snapshots.readPiece(id, 1_000_000, 100))).toBeNull()
    expect(await settled(world, snapshots.readPiece({ endOffset: 8, epoch: 2 }, 0, 100))).toBeNull()

    const receiver = new TestWorld()
    const received = store(receiver)
    const keep = async (parts: readonly Buffer[]): Promise<void> => {
      let position = 0
      for (const part of parts) {
        await settled(receiver, received.keepPiece(id, position, part))
        position += part.length
      }
    }
    await keep(pieces.slice(0, -1))
    expect(await settled(receiver, received.installKept(id))).toBeNull()
    expect(received.latest()).toBeNull()
    await keep(pieces)
    expect(await settled(receiver, received.installKept(id))).toMatchObject({
      values: [Buffer.from('a'), Buffer.from('b')],
    })
    expect(received.latest()).toMatchObject(id)
  })
})
