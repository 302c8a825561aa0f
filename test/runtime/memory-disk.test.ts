import { describe, expect, it } from 'vitest'
import { MemoryDisk } from '../../src/runtime/memory-disk.ts'

function createDisk(): { disk: MemoryDisk; run: () => void } {
  const queue: Array<() => void> = []
  const disk = new MemoryDisk({
    later: (callback) => queue.push(callback),
    tracksDurability: true,
    wallMs: () => 1,
  })
  return {
    disk,
    run: () => {
      while (queue.length > 0) queue.shift()?.()
    },
  }
}

const losesAll = (): number => 0

describe('the disk in memory', () => {
  it('a crash loses what was not synced, bytes and names', () => {
    const { disk, run } = createDisk()
    disk.makeDirectory('/d')
    disk.syncDirectorySync('/')
    const file = disk.open('/d/kept', 'create-exclusive')
    file.writeSync([Buffer.from('abc')], 0)
    file.sync(() => {})
    run()
    disk.syncDirectorySync('/d')
    file.writeSync([Buffer.from('def')], 3)
    const other = disk.open('/d/lost', 'create-exclusive')
    other.writeSync([Buffer.from('x')], 0)
    other.syncSync()
    disk.crash(losesAll)
    expect(disk.list('/d').map((entry) => entry.name)).toEqual(['kept'])
    expect(disk.status('/d/kept')?.sizeBytes).toBe(3)
    expect(() => file.readSync(Buffer.alloc(1), 0, 1, 0)).toThrowError(
      expect.objectContaining({ code: 'EBADF' }),
    )
  })

  it('a sync covers only what was written before it began', () => {
    const { disk, run } = createDisk()
    const file = disk.open('/f', 'create-exclusive')
    disk.syncDirectorySync('/')
    file.writeSync([Buffer.from('abc')], 0)
    file.sync(() => {})
    file.writeSync([Buffer.from('def')], 3)
    file.sync(() => {})
    disk.open('/f', 'read-write').writeSync([Buffer.from('ghi')], 6)
    run()
    disk.crash(losesAll)
    expect(disk.status('/f')?.sizeBytes).toBe(6)
  })

  it('trap 1: a full disk cuts a write short and fails it', () => {
    const { disk } = createDisk()
    disk.capacityBytes = 5
    const file = disk.open('/f', 'create-exclusive')
    expect(() => file.writeSync([Buffer.from('abc'), Buffer.from('def')], 0)).toThrowError(
      expect.objectContaining({ code: 'ENOSPC' }),
    )
    expect(file.sizeBytes()).toBe(5)
    file.truncateSync(0)
    file.writeSync([Buffer.from('abcde')], 0)
    expect(disk.space('/')).toEqual({ totalBytes: 5, usableBytes: 0 })
  })

  it('trap 7: bytes whose sync failed are never made durable by a later one', () => {
    const { disk } = createDisk()
    const file = disk.open('/f', 'create-exclusive')
    disk.syncDirectorySync('/')
    file.writeSync([Buffer.from('abc')], 0)
    disk.fault = (operation) => (operation === 'sync' ? 'EIO' : null)
    expect(() => file.syncSync()).toThrowError(expect.objectContaining({ code: 'EIO' }))
    disk.fault = () => null
    file.syncSync()
    disk.crash(losesAll)
    expect(disk.status('/f')?.sizeBytes).toBe(0)
  })

  it('trap 4: a rename without a directory sync comes back under its old name', () => {
    const { disk } = createDisk()
    disk.open('/a', 'create-exclusive').close()
    disk.syncDirectorySync('/')
    disk.rename('/a', '/b')
    disk.crash(losesAll)
    expect(disk.list('/').map((entry) => entry.name)).toEqual(['a'])
  })

  it('a crash keeps any sectors of what was written, and zeros or older bytes in place of those it loses', () => {
    const { disk } = createDisk()
    const file = disk.open('/f', 'create-exclusive')
    disk.syncDirectorySync('/')
    file.writeSync([Buffer.alloc(600, 'a')], 0)
    file.syncSync()
    file.writeSync([Buffer.alloc(1_000, 'b')], 600)
    disk.crashLeaving({
      keepsNames: () => true,
      content: () => ({ keptSteps: 1, tornBytes: 0, losesSector: (_step, sector) => sector === 2 }),
    })
    const bytes = Buffer.alloc(2_000)
    expect(disk.open('/f', 'read').readSync(bytes, 0, 2_000, 0)).toBe(1_600)
    expect(bytes.toString('latin1', 0, 1_600)).toBe(
      'a'.repeat(600) + 'b'.repeat(424) + '\0'.repeat(512) + 'b'.repeat(64),
    )
  })

  it('a crash may keep a later name without an earlier one, but none that builds on a lost one', () => {
    const { disk } = createDisk()
    disk.open('/a', 'create-exclusive').close()
    disk.open('/b', 'create-exclusive').close()
    disk.rename('/a', '/c')
    const asked: number[] = []
    disk.crashLeaving({
      keepsNames: (_directory, index) => {
        asked.push(index)
        return index > 0
      },
      content: () => ({ keptSteps: 0, tornBytes: 0, losesSector: () => false }),
    })
    expect(disk.list('/').map((entry) => entry.name)).toEqual(['b'])
    expect(asked).toEqual([0, 1])
  })

  it('a copy goes its own way, and a crash of it leaves the other alone', () => {
    const { disk } = createDisk()
    const file = disk.open('/f', 'create-exclusive')
    file.writeSync([Buffer.from('abc')], 0)
    expect(disk.unsynced().map(({ kind, node }) => [kind, node.unsynced.length])).toEqual([
      ['names', 1],
      ['content', 1],
    ])
    const other = disk.copy({ later: () => {}, tracksDurability: true, wallMs: () => 1 })
    other.crash(losesAll)
    expect(other.list('/')).toEqual([])
    file.writeSync([Buffer.from('def')], 3)
    expect(disk.status('/f')?.sizeBytes).toBe(6)
  })

  it('a write that stops half way fails, and a stale read answers what the disk held before', () => {
    const { disk } = createDisk()
    const file = disk.open('/f', 'create-exclusive')
    file.writeSync([Buffer.from('abc')], 0)
    file.syncSync()
    disk.fault = () => ({ kind: 'short-write', code: 'EIO', writtenBytes: 2 })
    expect(() => file.writeSync([Buffer.from('xyz')], 0)).toThrowError(
      expect.objectContaining({ code: 'EIO' }),
    )
    const bytes = Buffer.alloc(3)
    disk.fault = () => null
    file.readSync(bytes, 0, 3, 0)
    expect(bytes.toString()).toBe('xyc')
    disk.fault = () => ({ kind: 'stale-read' })
    file.readSync(bytes, 0, 3, 0)
    expect(bytes.toString()).toBe('abc')
  })

  it('a directory is removed name by name, so that a crash may leave half of it', () => {
    const { disk } = createDisk()
    disk.makeDirectory('/d')
    for (const name of ['/d/a', '/d/b']) disk.open(name, 'create-exclusive').close()
    disk.fault = (operation, path) => (operation === 'remove' && path === '/d/b' ? 'EIO' : null)
    expect(() => disk.removeDirectory('/d')).toThrowError(expect.objectContaining({ code: 'EIO' }))
    expect(disk.list('/d').map((entry) => entry.name)).toEqual(['b'])
  })

  it('a sync that lies makes nothing durable', () => {
    const { disk } = createDisk()
    const file = disk.open('/f', 'create-exclusive')
    disk.syncDirectorySync('/')
    file.writeSync([Buffer.from('abc')], 0)
    disk.open('/g', 'create-exclusive')
    disk.fault = () => ({ kind: 'lying-sync' })
    file.syncSync()
    disk.syncDirectorySync('/')
    disk.crash(losesAll)
    disk.fault = () => null
    expect([disk.status('/f')?.sizeBytes, disk.status('/g')]).toEqual([0, null])
  })
})
