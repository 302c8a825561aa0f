import { describe, expect, it } from 'vitest'
import { BufferPool } from '../../src/storage/buffer-pool.ts'
import { OpenFiles, PooledFile } from '../../src/storage/open-files.ts'
import { sizedBatch } from './support/batches.ts'
import { ManagedWorld } from './support/managed-world.ts'
import { TestWorld } from './support/world.ts'

function pool(filesMax: number): { world: TestWorld; files: OpenFiles; file: (name: string) => PooledFile } {
  const world = new TestWorld()
  const files = new OpenFiles(world.disk, filesMax)
  return {
    world,
    files,
    file: (name) => {
      world.disk.open(`/data/${name}`, 'create').close()
      return new PooledFile(files, `/data/${name}`)
    },
  }
}

describe('open files', () => {
  it('are bounded: what was not used lately is closed, and opens again by itself', () => {
    const { files, file } = pool(3)
    const all = ['a', 'b', 'c', 'd', 'e'].map(file)
    for (const one of all) one.useOrCreate().writeSync([Buffer.from('x')], 0)
    expect(files.openCount).toBe(3)
    for (const one of all) expect(one.use().sizeBytes()).toBe(1)
    expect(files.openCount).toBe(3)
  })

  it('stay open while an asynchronous call is under way, and close when it is back', () => {
    const { world, files, file } = pool(2)
    const held = file('held')
    const handle = held.hold()
    const others = ['a', 'b', 'c'].map(file)
    for (const one of others) one.use()
    expect(files.openCount).toBe(2)
    held.close()
    expect(handle.sizeBytes()).toBe(0)
    handle.writeSync([Buffer.from('y')], 0)
    held.free()
    expect(() => handle.writeSync([Buffer.from('z')], 0)).toThrow()
    expect(world.disk.status('/data/held')?.sizeBytes).toBe(1)
  })

  it('make room and try again when the system has no descriptor left', () => {
    const { world, files, file } = pool(100)
    for (let i = 0; i < 8; i++) file(`f${i}`).use()
    const late = file('late')
    let refusals = 1
    world.disk.fault = (operation) => (operation === 'open' && refusals-- > 0 ? 'EMFILE' : null)
    expect(late.use().sizeBytes()).toBe(0)
    expect(files.openCount).toBe(5)
  })

  it('follow a file that is renamed', () => {
    const { world, file } = pool(10)
    const one = file('old')
    one.use().writeSync([Buffer.from('x')], 0)
    world.disk.rename('/data/old', '/data/new')
    one.renamed('/data/new')
    expect(one.use().sizeBytes()).toBe(1)
    one.close()
    expect(one.use().sizeBytes()).toBe(1)
  })

  it('serve many more logs than may be open', async () => {
    const world = new ManagedWorld({ segmentBytes: 2_000, indexIntervalBytes: 300 })
    await world.start()
    const logs = Array.from({ length: 60 }, (_, partition) => world.create(partition))
    for (let round = 0; round < 8; round++) {
      for (const log of logs) log.append(sizedBatch(500), { origin: 'client', leaderEpoch: 0, nowMs: 0 })
      for (const log of logs) log.requestDurable()
      world.settle()
    }
    for (const log of logs) expect(world.read(log, 0).length).toBe(8 * 498)
    await world.stop()
    await world.start()
    for (let partition = 0; partition < 60; partition++) expect(world.log(partition).logEndOffset).toBe(8)
  })
})

describe('read buffers', () => {
  it('trap 20: are lent once at a time', () => {
    const buffers = new BufferPool()
    const one = buffers.lend(5_000)
    expect(one.length).toBe(16_384)
    buffers.takeBack(one)
    expect(() => buffers.takeBack(one)).toThrow(/not lent/)
    const again = buffers.lend(10_000)
    expect(again).toBe(one)
    expect(buffers.lend(10_000)).not.toBe(one)
    expect(buffers.lend(3_000_000).length).toBe(3_000_000)
    expect(buffers.lentCount).toBe(3)
  })
})
