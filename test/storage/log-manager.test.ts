import { describe, expect, it } from 'vitest'
import { silentLog } from '../../src/runtime/log.ts'
import { LogMaintenance } from '../../src/storage/log-maintenance.ts'
import { sizedBatch, testBatch } from './support/batches.ts'
import { ManagedWorld } from './support/managed-world.ts'

const OPTIONS = { origin: 'client', leaderEpoch: 0, nowMs: 0 } as const

describe('the logs of a broker', () => {
  it('are formatted once, kept over a clean stop, and found again', async () => {
    const world = new ManagedWorld({}, ['/a', '/b'])
    expect(world.manager.openDirectories()).toEqual([
      { path: '/a', properties: null, failure: null, isLocked: false },
      { path: '/b', properties: null, failure: null, isLocked: false },
    ])
    expect(world.manager.format(3, 'cluster').length).toBe(2)
    world.manager.abandon()
    expect(await world.start()).toEqual({
      logCount: 0,
      wasClean: false,
      brokerEpochAtStop: -1,
      duplicates: [],
    })
    for (let partition = 0; partition < 5; partition++) world.create(partition)
    expect(world.manager.create('t', 0, null)).toMatchObject({ ok: false, reason: 'exists' })
    expect(world.manager.directories.map((directory) => directory.logs.size)).toEqual([3, 2])
    world.log(4).append(testBatch(), OPTIONS)
    const [first] = world.manager.directories
    const chosen = world.manager.create('u', 0, null, first?.properties?.directoryId ?? null)
    expect(chosen).toMatchObject({ ok: true, log: { directoryPath: '/a' } })
    await world.stop()
    expect(await world.start()).toEqual({ logCount: 6, wasClean: true, brokerEpochAtStop: 5, duplicates: [] })
    expect([world.log(4).logEndOffset, world.log(4).topicId]).toEqual([1, 'AAAAAAAAAAAAAAAAAAAAAQ'])
    expect(world.disk.status('/a/.kafka_cleanshutdown')).toBeNull()
    world.kill()
    expect((await world.start()).wasClean).toBe(false)
  })

  it('trap 20: two brokers on one directory: the second is told', async () => {
    const world = new ManagedWorld()
    await world.start()
    expect(world.another().openDirectories()).toMatchObject([
      { isLocked: true, failure: 'another process uses it' },
    ])
    world.manager.abandon()
    expect(world.another().openDirectories()).toMatchObject([{ isLocked: false, failure: null }])
  })

  it('trap 6: the marker goes before anything is opened, and comes only after everything is closed', async () => {
    const world = new ManagedWorld()
    await world.start()
    world.create().append(testBatch(), OPTIONS)
    await world.stop()
    expect(world.disk.status('/data/.kafka_cleanshutdown')).not.toBeNull()
    await world.start()
    world.kill(() => 0)
    expect((await world.start()).wasClean).toBe(false)
    world.log().append(testBatch(), OPTIONS)
    world.disk.fault = (operation) => (operation === 'sync' ? 'EIO' : null)
    await world.stop()
    world.disk.fault = () => null
    expect(world.disk.status('/data/.kafka_cleanshutdown')).toBeNull()
  })

  it('a directory that a process made which died at once survives a power cut all the same', async () => {
    const world = new ManagedWorld({}, ['/var/lib/data'])
    world.disk.makeDirectory('/var/lib/data')
    await world.start()
    world.kill(() => 0)
    expect(world.disk.status('/var/lib/data/meta.properties')).not.toBeNull()
  })

  it('what a killed process wrote behind a new log start is synced by the next one before it counts', async () => {
    const world = new ManagedWorld()
    await world.start()
    world.create().truncateFullyAndStartAt(100, () => {})
    world.settle()
    // The recovery point lies before the first segment; nobody wants these synced.
    for (let i = 0; i < 3; i++) world.log().append(testBatch(), OPTIONS)
    world.clock.advance(10)
    world.kill()
    await world.start()
    let isDurable = false
    world.log().whenDurable((durable) => {
      isDurable = durable
    })
    world.settle()
    expect([isDurable, world.log().logEndOffset]).toEqual([true, 103])
    world.kill(() => 0)
    await world.start()
    expect(world.log().logEndOffset).toBe(103)
  })

  it('damage is found again by the next start, after a clean stop too', async () => {
    const world = new ManagedWorld({ segmentBytes: 1_000 })
    await world.start()
    const log = world.create()
    const appended = (count: number): void => {
      for (let i = 0; i < count; i++) log.append(sizedBatch(400), OPTIONS)
      log.whenDurable(() => {})
      world.clock.advance(10)
    }
    appended(2)
    await world.checkpoint()
    appended(4)
    world.kill()
    world.disk.corrupt('/data/t-0/00000000000000000000.log', 100, Buffer.alloc(20))
    await world.start()
    const found = world.log().damage
    expect(found).toMatchObject({ offset: 0, hidesEnd: false })
    await world.checkpoint()
    await world.stop()
    // What lies behind it was never looked at: its indexes are as the first life left them.
    expect((await world.start()).wasClean).toBe(false)
    expect(world.log().damage).toEqual(found)
  })

  it('damage at the end of what was durable is no torn tail for the start after the next one', async () => {
    const world = new ManagedWorld()
    await world.start()
    for (let i = 0; i < 3; i++) world.create(i)
    for (let i = 0; i < 3; i++) world.log().append(sizedBatch(400), OPTIONS)
    world.log().whenDurable(() => {})
    world.settle()
    await world.checkpoint()
    world.kill()
    const path = '/data/t-0/00000000000000000000.log'
    world.disk.corrupt(path, (2 * (world.disk.status(path)?.sizeBytes ?? 0)) / 3 + 8, Buffer.alloc(4))
    await world.start()
    const found = world.log().damage
    expect(found?.offset).toBe(2)
    // Another log brings a checkpoint about.
    world.log(1).append(testBatch(), OPTIONS)
    world.log(1).whenDurable(() => {})
    world.settle()
    await world.checkpoint()
    world.kill()
    await world.start()
    expect(world.log().damage?.offset).toBe(2)
  })

  it('leader epochs for which there was no room are saved when there is', async () => {
    const world = new ManagedWorld()
    await world.start()
    world.create().append(testBatch(), OPTIONS)
    world.log().whenDurable(() => {})
    world.settle()
    world.disk.fault = (operation) => (operation === 'write' ? 'ENOSPC' : null)
    await world.checkpoint()
    world.disk.fault = () => null
    expect(world.disk.status('/data/t-0/leader-epoch-checkpoint')).toBeNull()
    await world.stop()
    expect(world.disk.status('/data/t-0/leader-epoch-checkpoint')).not.toBeNull()
  })

  describe('a segment whose indexes find no room', () => {
    /** The first segment is sealed, its index lacks what the last of its batches brought; then another follows. */
    async function rolledWithoutRoom(): Promise<ManagedWorld> {
      const world = new ManagedWorld({ segmentBytes: 1_000, indexIntervalBytes: 100 })
      await world.start()
      const log = world.create()
      const append = (baseTimestamp: number): void => {
        log.append(sizedBatch(300, { baseTimestamp }), OPTIONS)
        log.whenDurable(() => {})
        world.settle()
      }
      append(world.clock.nowMs)
      await world.checkpoint()
      world.disk.fault = (operation, path) =>
        operation === 'write' && /index$/.test(path) && path.includes('/t-0/') ? 'ENOSPC' : null
      for (let i = 1; i < 5; i++) append(world.clock.nowMs + i)
      expect(log.segmentCount).toBe(2)
      await world.checkpoint()
      return world
    }
    const youngestFile = '/data/t-0/00000000000000000000.timeindex'

    it('is not passed by the recovery point, and has them when there is', async () => {
      const world = await rolledWithoutRoom()
      const { active } = world.log().state.segments
      expect(world.log().checkpointing.recoveryPoint).toBeLessThan(active.baseOffset)
      world.disk.fault = () => null
      await world.checkpoint()
      expect(world.log().checkpointing.recoveryPoint).toBe(5)
      expect(world.disk.status(youngestFile)?.sizeBytes).toBeGreaterThan(0)
    })

    it('is looked at again by the next start, though the stop was in order', async () => {
      const world = await rolledWithoutRoom()
      const youngest = world.log().state.segments.first.maxTimestampMs
      await world.stop()
      world.disk.fault = () => null
      expect((await world.start()).wasClean).toBe(false)
      expect(world.log().state.segments.first.maxTimestampMs).toBe(youngest)
      await world.stop()
      expect((await world.start()).wasClean).toBe(true)
      expect(world.log().state.segments.first.maxTimestampMs).toBe(youngest)
    })
  })

  it('trap 7: what a failed sync left in the cache is not taken for synced by the next life', async () => {
    const world = new ManagedWorld()
    await world.start()
    world.create().append(testBatch(), OPTIONS)
    world.log().whenDurable(() => {})
    world.settle()
    world.disk.fault = (operation, path) => (operation === 'sync' && path.endsWith('.log') ? 'EIO' : null)
    world.log().append(testBatch(), OPTIONS)
    world.log().requestDurable()
    world.settle()
    expect(world.log().isOffline).toBe(true)
    world.disk.fault = () => null
    world.kill()
    await world.start()
    expect(world.log().logEndOffset).toBe(2)
    world.log().append(testBatch(), OPTIONS)
    world.log().whenDurable(() => {})
    world.settle()
    expect(world.log().durableOffset).toBe(3)
    expect(world.disk.status('/data/.sync-failed')).toBeNull()
    world.kill(() => 0)
    await world.start()
    expect([world.log().damage, world.log().logEndOffset]).toEqual([null, 3])
  })

  it('one failing directory takes its own partitions offline and no others', async () => {
    const world = new ManagedWorld({}, ['/a', '/b'])
    await world.start()
    const logs = [0, 1, 2, 3].map((partition) => world.create(partition))
    const failed: string[] = []
    world.manager.onDirectoryFailed = (directory) => failed.push(directory.path)
    const offline: number[] = []
    for (const log of logs) {
      log.setListener({
        written() {},
        durable() {},
        failed() {},
        logStartOffsetMoved() {},
        offline: () => offline.push(log.partition),
      })
      log.append(testBatch(), OPTIONS)
      log.requestDurable()
    }
    world.disk.fault = (operation, path) => (operation === 'sync' && path.startsWith('/b') ? 'EIO' : null)
    world.settle()
    world.disk.fault = () => null
    expect(failed).toEqual(['/b'])
    const broken = logs.filter((log) => log.directoryPath === '/b').map((log) => log.partition)
    expect(offline.sort()).toEqual(broken)
    for (const log of logs) {
      expect(log.append(testBatch(), OPTIONS).ok).toBe(log.directoryPath === '/a')
    }
    expect(world.manager.create('u', 0, null)).toMatchObject({ ok: true, log: { directoryPath: '/a' } })
    expect(world.manager.describe().map((directory) => [directory.path, directory.isOffline])).toEqual([
      ['/a', false],
      ['/b', true],
    ])
    await world.stop()
    expect(world.disk.status('/a/.kafka_cleanshutdown')).not.toBeNull()
    expect(world.disk.status('/b/.kafka_cleanshutdown')).toBeNull()
  })

  it('a directory that cannot be opened does not keep the others from starting', async () => {
    const world = new ManagedWorld({}, ['/a', '/b'])
    await world.start()
    for (let partition = 0; partition < 4; partition++) world.create(partition)
    await world.stop()
    world.disk.fault = (operation, path) => (path.startsWith('/b') && operation === 'list' ? 'EIO' : null)
    const loaded = await world.start()
    expect(loaded.logCount).toBe(2)
    expect(world.manager.directories.map((directory) => directory.isOffline)).toEqual([false, true])
  })

  it('deletes a partition at once, its files later, and lets a new one of its name begin', async () => {
    const world = new ManagedWorld({ fileDeleteDelayMs: 1_000 })
    await world.start()
    const old = world.create()
    old.append(testBatch(), OPTIONS)
    old.requestDurable()
    expect(world.manager.delete('t', 0)).toBe(true)
    expect(world.manager.delete('t', 0)).toBe(false)
    expect(old.append(testBatch(), OPTIONS)).toMatchObject({ ok: false })
    const fresh = world.create()
    fresh.append(testBatch(), OPTIONS)
    world.settle()
    expect([fresh.logEndOffset, fresh.writtenOffset]).toEqual([1, 1])
    const names = (): string[] =>
      world.disk
        .list('/data')
        .map((entry) => entry.name)
        .filter((name) => name.startsWith('t-'))
    expect(names().sort()).toEqual(['t-0', expect.stringMatching(/^t-0\.[0-9a-f]{32}-delete$/)])
    world.clock.advance(2_000)
    expect(names()).toEqual(['t-0'])
    expect(world.manager.directories[0]?.failure).toBeNull()
    world.manager.delete('t', 0)
    world.kill()
    await world.start()
    expect(names()).toEqual([])
  })

  it.each([
    ['that comes in the same life', false],
    ['that comes in the next life', true],
  ])(
    'does not take what the checkpoints say of a deleted log for a new one of its name %s',
    async (_when, dies) => {
      const world = new ManagedWorld({ segmentBytes: 1_000 })
      await world.start()
      const old = world.create()
      for (let i = 0; i < 9; i++) old.append(sizedBatch(400), OPTIONS)
      old.whenDurable(() => {})
      world.settle()
      old.setHighWatermark(9)
      old.deleteRecordsBefore(5)
      await world.checkpoint()
      world.manager.delete('t', 0)
      if (dies) {
        world.kill()
        await world.start()
      }
      const fresh = world.create()
      for (let i = 0; i < 3; i++) fresh.append(testBatch(), OPTIONS)
      let isDurable = false
      fresh.whenDurable(() => {
        isDurable = true
      })
      while (!isDurable) world.clock.advance(1)
      world.kill(() => 0)
      await world.start()
      const { logStartOffset, logEndOffset, highWatermark, damage } = world.log()
      expect([logStartOffset, logEndOffset, highWatermark, damage]).toEqual([0, 3, 0, null])
      world.log().setHighWatermark(2)
      await world.checkpoint()
      world.clock.advance(1)
      expect(world.disk.status('/data/t-0/.new')).toBeNull()
      world.kill(() => 0)
      await world.start()
      expect(world.log().highWatermark).toBe(2)
    },
  )

  it('a log that is deleted while its mark is taken away is no failure of the directory', async () => {
    const world = new ManagedWorld()
    await world.start()
    world.create().append(testBatch(), OPTIONS)
    await world.checkpoint()
    world.manager.delete('t', 0)
    const fresh = world.create()
    fresh.append(testBatch(), OPTIONS)
    const held: (() => void)[] = []
    world.later = (callback, operation) => {
      if (operation === 'syncDirectory' && world.disk.status('/data/t-0/.new') === null) held.push(callback)
      else world.clock.schedule(1, callback)
    }
    await world.checkpoint()
    world.manager.delete('t', 0)
    expect(held).toHaveLength(1)
    for (const callback of held) callback()
    expect(world.manager.directories[0]?.isOffline).toBe(false)
  })

  it('leaves alone what is no partition, and a partition that stands in two directories', async () => {
    const world = new ManagedWorld({}, ['/a', '/b'])
    await world.start()
    world.create()
    await world.stop()
    world.disk.makeDirectory('/b/t-0')
    world.disk.makeDirectory('/a/lost+found')
    const loaded = await world.start()
    expect(loaded).toMatchObject({ logCount: 1, duplicates: ['/b/t-0'] })
    expect(world.log().directoryPath).toBe('/a')
    world.manager.setAside(world.log())
    expect(world.disk.list('/a').some((entry) => entry.name.endsWith('-stray'))).toBe(true)
  })

  it('never writes into a folder that it does not know', async () => {
    const world = new ManagedWorld()
    await world.start()
    world.disk.makeDirectory('/data/t-0')
    const foreign = world.disk.open('/data/t-0/00000000000000000000.log', 'create')
    foreign.writeSync([Buffer.from('somebody else’s')], 0)
    const log = world.create()
    log.append(testBatch(), OPTIONS)
    world.settle()
    expect(log.writtenOffset).toBe(1)
    expect(world.disk.list('/data').some((entry) => entry.name.endsWith('-stray'))).toBe(true)
  })

  it('high watermarks and recovery points are saved when they move, and only then', async () => {
    const world = new ManagedWorld()
    await world.start()
    const log = world.create()
    log.append(testBatch(), OPTIONS)
    log.requestDurable()
    world.settle()
    log.setHighWatermark(1)
    world.clock.advance(300)
    const renames = world.disk.counts.get('rename')
    world.clock.advance(1_000)
    expect(world.disk.counts.get('rename')).toBe(renames)
    world.kill(() => 0)
    await world.start()
    expect([world.log().highWatermark, world.log().durableOffset]).toEqual([1, 1])
  })
})

describe('the maintenance of all logs', () => {
  it('deletes, cleans and forgets on the clock', async () => {
    const world = new ManagedWorld({
      segmentBytes: 1_000,
      retentionMs: 5_000,
      compacts: true,
      minCleanableDirtyRatio: 0,
      producerIdExpirationMs: 3_000,
    })
    await world.start()
    const log = world.create()
    const maintenance = new LogMaintenance(world.manager, world.clock, silentLog, {
      retentionCheckIntervalMs: 1_000,
      cleanerBackoffMs: 400,
      producerCheckIntervalMs: 2_000,
      cleans: true,
    })
    maintenance.start()
    const producer = { producerId: 3n, producerEpoch: 0 }
    for (let i = 0; i < 12; i++) {
      const records = [{ key: 'k', value: `${'x'.repeat(300)}${i}` }]
      const batch = testBatch({ records, baseTimestamp: world.clock.nowMs, ...producer, baseSequence: i })
      log.append(batch, { ...OPTIONS, nowMs: world.clock.nowMs })
    }
    log.whenDurable(() => {})
    world.settle()
    log.setHighWatermark(12)
    const sizeBefore = log.sizeBytes
    const pass = async (ms: number): Promise<void> => {
      for (let i = 0; i < ms / 10; i++) {
        world.clock.advance(10)
        for (let turn = 0; turn < 20; turn++) await Promise.resolve()
      }
    }
    await pass(900)
    expect(log.sizeBytes).toBeLessThan(sizeBefore * 0.6)
    expect(world.manager.directories[0]?.cleanerOffsets.get('t-0')).toBeGreaterThan(0)
    expect(log.activeProducers().length).toBe(1)
    await pass(4_000)
    expect(log.activeProducers().length).toBe(0)
    await pass(4_000)
    expect([log.logStartOffset, log.sizeBytes]).toEqual([12, 0])
    maintenance.stop()
  })
})
