import { describe, expect, it } from 'vitest'
import { MetadataLog } from '../../../src/broker/quorum/metadata-log.ts'
import type { MetadataCommand } from '../../../src/broker/quorum/metadata-quorum.ts'
import { MetadataUnavailable } from '../../../src/broker/quorum/metadata-unavailable.ts'
import { QuorumOfOne } from '../../../src/broker/quorum/quorum-of-one.ts'
import { emptyImage } from '../../../src/coordination/metadata/image.ts'
import { silentLog } from '../../../src/runtime/log.ts'
import { MetadataSnapshots } from '../../../src/storage/metadata-snapshots.ts'
import { DIRECTORY, TestWorld } from '../../storage/support/world.ts'

function open() {
  const world = new TestWorld()
  const log = world.create()
  const snapshots = new MetadataSnapshots(world.disk, `${DIRECTORY}/t-0`, () => world.clock.wallMs())
  const metadataLog = new MetadataLog(log, snapshots, world.clock, 1, () => Number.POSITIVE_INFINITY)
  metadataLog.begin(1)
  world.settle()
  const quorum = new QuorumOfOne('cluster', 1, metadataLog, emptyImage, silentLog)
  const applied: number[] = []
  quorum.listen(async () => {
    applied.push(quorum.image.configs.size)
  })
  const settled = async <T>(promises: readonly Promise<T>[]): Promise<PromiseSettledResult<T>[]> => {
    const all = Promise.allSettled(promises)
    let isDone = false
    void all.then(() => {
      isDone = true
    })
    // Promises and virtual time take turns until nothing is left to do.
    for (let turn = 0; turn < 1_000 && !isDone; turn++) {
      world.settle()
      await Promise.resolve()
    }
    return all
  }
  return { world, log, quorum, metadataLog, applied, settled }
}

function setting(name: string): MetadataCommand<string> {
  return () => ({
    records: [
      { type: 'ConfigRecord', value: { resourceType: 2, resourceName: name, name: 'k', value: 'v' } },
    ],
    reply: name,
  })
}

/** Sees the image that the commands before it make. */
const count: MetadataCommand<string> = (image) => ({ records: [], reply: String(image.configs.size) })

describe('QuorumOfOne', () => {
  it('replies when the change is durable and served', async () => {
    const { quorum, log, applied, settled } = open()
    const results = await settled([quorum.submit(setting('a')), quorum.submit(setting('b'))])
    expect(results).toEqual([
      { status: 'fulfilled', value: 'a' },
      { status: 'fulfilled', value: 'b' },
    ])
    expect(applied.length).toBe(2)
    expect(log.durableOffset).toBe(log.logEndOffset)
  })

  it('trap 1: refuses what a full disk cannot take, and takes the next when there is room', async () => {
    const { world, quorum, log, metadataLog, applied, settled } = open()
    const endOffset = log.logEndOffset
    world.disk.capacityBytes = world.disk.usedBytes() + 10
    const refused = await settled([
      quorum.submit(setting('a')),
      quorum.submit(setting('b')),
      quorum.submit(count),
    ])
    for (const result of refused) {
      if (result.status === 'fulfilled') expect.unreachable(`${result.value} was accepted`)
      else expect(result.reason).toBeInstanceOf(MetadataUnavailable)
    }
    expect([log.logEndOffset, applied, quorum.image]).toEqual([endOffset, [], emptyImage])
    world.disk.capacityBytes = Number.POSITIVE_INFINITY
    const accepted = await settled([quorum.submit(setting('c'))])
    expect(accepted).toEqual([{ status: 'fulfilled', value: 'c' }])
    const replayed = (await settled([metadataLog.replay()]))[0]
    if (replayed?.status !== 'fulfilled') return expect.unreachable('the log cannot be read again')
    expect(replayed.value.configs).toEqual(quorum.image.configs)
    expect(quorum.image.configs.size).toBe(1)
  })

  it('trap 7: takes nothing any more when the disk has failed', async () => {
    const { world, quorum, settled } = open()
    world.disk.fault = (operation) => (operation === 'write' ? 'EIO' : null)
    const [failed] = await settled([quorum.submit(setting('a'))])
    world.disk.fault = () => null
    const [later] = await settled([quorum.submit(setting('b'))])
    for (const result of [failed, later]) {
      if (result?.status !== 'rejected') expect.unreachable('it was accepted')
      else expect(result.reason).not.toBeInstanceOf(MetadataUnavailable)
    }
  })
})
