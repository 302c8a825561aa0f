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
})
