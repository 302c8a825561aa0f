/** Moves of partitions between the directories of one broker (AlterReplicaLogDirs, KIP-113). */
import { describe, expect, it } from 'vitest'
import { ReplicaMove } from '../../src/storage/replica-move.ts'
import { sizedBatch, testBatch } from './support/batches.ts'
import { ManagedWorld } from './support/managed-world.ts'

const OPTIONS = { origin: 'client', leaderEpoch: 0, nowMs: 0 } as const

describe('a partition that moves to another directory', () => {
  it('a copy whose names are being synced waits before it takes the place of the original', async () => {
    const world = new ManagedWorld({}, ['/a', '/b'])
    await world.start()
    world.create()
    const created = world.manager.createFuture('t', 0, '/b')
    if (!created.ok) throw new Error(created.message)
    created.log.whenDurable(() => {})
    expect(world.manager.promoteFuture('t', 0)).toBeNull()
    world.settle()
    expect(world.manager.promoteFuture('t', 0)).toBe(created.log)
    expect(world.manager.directories.map(({ isOffline }) => isOffline)).toEqual([false, false])
  })

  it('moves a partition to another directory and forgets the old copy', async () => {
    const world = new ManagedWorld({ fileDeleteDelayMs: 1_000, segmentBytes: 1_000 }, ['/a', '/b'])
    await world.start()
    const log = world.create()
    for (let i = 0; i < 6; i++) log.append(sizedBatch(400), OPTIONS)
    log.whenDurable(() => {})
    world.settle()
    log.setHighWatermark(6)
    expect(world.manager.createFuture('t', 0, '/nowhere')).toMatchObject({ ok: false })
    expect(world.manager.createFuture('t', 0, '/a')).toMatchObject({ ok: false, reason: 'exists' })
    const created = world.manager.createFuture('t', 0, '/b')
    if (!created.ok) throw new Error(created.message)
    expect(world.manager.describe()[1]?.replicas).toEqual([
      { topic: 't', partition: 0, sizeBytes: 0, offsetLag: 6, isFuture: true },
    ])
    const bytes = world.read(log, 0)
    created.log.append(bytes, { origin: 'replica', leaderEpoch: 0, nowMs: 0 })
    created.log.whenDurable(() => {})
    world.settle()
    const promoted = world.manager.promoteFuture('t', 0)
    expect(promoted).toBe(created.log)
    expect(world.manager.log('t', 0)).toBe(created.log)
    expect([promoted?.highWatermark, promoted?.directoryPath]).toEqual([6, '/b'])
    promoted?.append(sizedBatch(400), OPTIONS)
    world.clock.advance(2_000)
    expect(world.disk.list('/a').some((entry) => entry.name.startsWith('t-0'))).toBe(false)
    await world.stop()
    await world.start()
    expect([world.log().logEndOffset, world.log().directoryPath]).toEqual([7, '/b'])
    expect(world.read(world.log(), 0).subarray(0, bytes.length).equals(bytes)).toBe(true)
  })

  it('a moved partition does not come back at its old place after a power cut', async () => {
    const world = new ManagedWorld({}, ['/a', '/b'])
    await world.start()
    world.create().append(testBatch(), OPTIONS)
    world.manager.createFuture('t', 0, '/b')
    world.log().requestDurable()
    new ReplicaMove(world.manager, world.clock, 't', 0, () => {}).start()
    while (world.log().directoryPath === '/a') world.clock.advance(1)
    world.log().append(testBatch(), OPTIONS)
    let isDurable = false
    world.log().whenDurable(() => {
      isDurable = true
    })
    while (!isDurable) world.clock.advance(1)
    world.kill(() => 0)
    await world.start()
    expect([world.log().directoryPath, world.log().logEndOffset]).toEqual(['/b', 2])
  })

  it('keeps the original of a move when the name of the copy cannot be made safe', async () => {
    const world = new ManagedWorld({}, ['/a', '/b'])
    await world.start()
    world.create().append(testBatch(), OPTIONS)
    world.log().whenDurable(() => {})
    world.manager.createFuture('t', 0, '/b')
    world.settle()
    const copy = world.manager.futureLog('t', 0)
    copy?.append(world.read(world.log(), 0), { origin: 'replica', leaderEpoch: 0, nowMs: 0 })
    copy?.whenDurable(() => {})
    world.settle()
    world.disk.fault = (operation, path) => (operation === 'syncDirectory' && path === '/b' ? 'EIO' : null)
    expect(world.manager.promoteFuture('t', 0)).toBeNull()
    world.disk.fault = () => null
    expect([world.log().directoryPath, world.log().isOffline]).toEqual(['/a', false])
    world.kill(() => 0)
    await world.start()
    expect([world.log().directoryPath, world.log().logEndOffset]).toEqual(['/a', 1])
  })

  it('moves a partition that goes on being written, cut and trimmed', async () => {
    const world = new ManagedWorld({ fileDeleteDelayMs: 100, segmentBytes: 2_000 }, ['/a', '/b'])
    await world.start()
    const log = world.create()
    const append = (epoch: number): void => {
      for (let i = 0; i < 5; i++) world.log().append(sizedBatch(400), { ...OPTIONS, leaderEpoch: epoch })
    }
    append(1)
    world.settle()
    const outcomes: string[] = []
    world.manager.createFuture('t', 0, '/b')
    const move = new ReplicaMove(world.manager, world.clock, 't', 0, (outcome) => outcomes.push(outcome.kind))
    move.start()
    expect(world.manager.futureLog('t', 0)?.logEndOffset).toBe(5)
    let isCut = false
    log.truncateTo(3, () => {
      isCut = true
    })
    while (!isCut) world.clock.advance(1)
    append(2)
    log.setHighWatermark(log.logEndOffset)
    log.deleteRecordsBefore(2)
    for (let i = 0; i < 40; i++) {
      world.clock.advance(1)
      if (i % 7 === 0) append(2)
    }
    world.clock.advance(5_000)
    expect(outcomes).toEqual(['moved'])
    const moved = world.log()
    expect([moved.directoryPath, moved.logStartOffset, moved.logEndOffset]).toEqual(['/b', 2, 38])
    expect(moved.endOffsetForLeaderEpoch(1)).toEqual({ leaderEpoch: 1, endOffset: 3 })
    expect(world.read(moved, 2).length).toBe(36 * 398)
    expect(moved.append(sizedBatch(100), OPTIONS).ok).toBe(true)
    world.manager.createFuture('t', 0, '/a')
    const second = new ReplicaMove(world.manager, world.clock, 't', 0, (outcome) =>
      outcomes.push(outcome.kind),
    )
    second.cancel()
    second.start()
    world.settle()
    expect(outcomes).toEqual(['moved', 'given-up'])
    expect(world.manager.futureLog('t', 0)).toBeNull()
  })

  it('finds an unfinished copy again after a restart, and can give it up', async () => {
    const world = new ManagedWorld({}, ['/a', '/b'])
    await world.start()
    world.create()
    world.manager.createFuture('t', 0, '/b')
    world.manager.futureLog('t', 0)?.whenDurable(() => {})
    world.log().whenDurable(() => {})
    world.settle()
    world.kill(() => 0)
    await world.start()
    expect(world.manager.futureLog('t', 0)).not.toBeNull()
    world.manager.abandonFuture('t', 0)
    expect(world.manager.futureLog('t', 0)).toBeNull()
    expect(world.manager.log('t', 0)).not.toBeNull()
  })
})
