import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Disk, DiskError } from '../../../src/runtime/disk.ts'
import { createNodeDisk } from '../../../src/runtime/node/disk.ts'

describe('the disk of the machine', () => {
  let folder: string
  let disk: Disk

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-disk-'))
    disk = createNodeDisk()
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('writes many buffers in order, more than one system call takes, and reads them back', async () => {
    const file = disk.open(`${folder}/a`, 'create-exclusive')
    const buffers = Array.from({ length: 3_000 }, (_, i) => Buffer.from(`${i},`))
    file.writeSync(buffers, 0)
    const whole = Buffer.concat(buffers)
    await new Promise<void>((resolve, reject) =>
      file.write(buffers, whole.length, (error) => (error === null ? resolve() : reject(error))),
    )
    expect(file.sizeBytes()).toBe(2 * whole.length)
    const target = Buffer.alloc(2 * whole.length + 10)
    expect(file.readSync(target, 0, target.length, 0)).toBe(2 * whole.length)
    expect(target.subarray(whole.length, 2 * whole.length).equals(whole)).toBe(true)
    const readBytes = await new Promise<number>((resolve, reject) =>
      file.read(target, 0, 100, whole.length * 2 - 5, (error, got) =>
        error === null ? resolve(got) : reject(error),
      ),
    )
    expect(readBytes).toBe(5)
    file.close()
    file.close()
  })

  it('names the system code of a failure', () => {
    expect(() => disk.open(`${folder}/missing`, 'read')).toThrowError(DiskError)
    try {
      disk.open(`${folder}/missing`, 'read')
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOENT', path: `${folder}/missing` })
    }
    disk.open(`${folder}/b`, 'create-exclusive').close()
    expect(() => disk.open(`${folder}/b`, 'create-exclusive')).toThrowError(
      expect.objectContaining({ code: 'EEXIST' }),
    )
  })

  it('lists, tells status, renames, removes and syncs directories', async () => {
    disk.makeDirectory(`${folder}/x/y`)
    disk.open(`${folder}/x/f`, 'create').close()
    expect(disk.list(`${folder}/x`).sort((a, b) => a.name.localeCompare(b.name))).toEqual([
      { name: 'f', kind: 'file' },
      { name: 'y', kind: 'directory' },
    ])
    disk.rename(`${folder}/x/f`, `${folder}/x/g`)
    expect(disk.status(`${folder}/x/f`)).toBeNull()
    expect(disk.status(`${folder}/x/g`)).toMatchObject({ kind: 'file', sizeBytes: 0 })
    await new Promise<void>((resolve, reject) =>
      disk.syncDirectory(`${folder}/x`, (error) => (error === null ? resolve() : reject(error))),
    )
    disk.syncDirectorySync(folder)
    disk.remove(`${folder}/x/g`)
    disk.remove(`${folder}/x/g`)
    disk.removeDirectory(`${folder}/x`)
    expect(disk.list(folder)).toEqual([])
    expect(disk.space(folder)?.totalBytes).toBeGreaterThan(0)
  })

  it('trap 20: one claim on a directory at a time, and a dead holder is no holder', () => {
    const lock = disk.lock(folder)
    expect(lock).not.toBeNull()
    expect(createNodeDisk().lock(folder)).toBeNull()
    lock?.release()
    const again = disk.lock(folder)
    expect(again).not.toBeNull()
    again?.release()
    const claim = disk.open(`${folder}/.lock`, 'create')
    claim.writeSync([Buffer.from('4194303 nobody:1 token\n')], 0)
    claim.close()
    const afterDeath = disk.lock(folder)
    expect(afterDeath).not.toBeNull()
    afterDeath?.release()
  })

  it('takes over the empty lock file that a Kafka which is gone left behind', () => {
    disk.open(`${folder}/.lock`, 'create').close()
    expect(disk.lock(folder)).not.toBeNull()
  })

  it('trap 1: a full file system fails the write', () => {
    // /dev/full answers every write with ENOSPC.
    const file = disk.open('/dev/full', 'read-write')
    expect(() => file.writeSync([Buffer.alloc(10)], 0)).toThrowError(
      expect.objectContaining({ code: 'ENOSPC' }),
    )
    file.close()
  })
})
