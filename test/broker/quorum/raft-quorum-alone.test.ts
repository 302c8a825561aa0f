import { describe, expect, it } from 'vitest'
import type { MetadataCommand } from '../../../src/broker/quorum/metadata-quorum.ts'
import { MetadataUnavailable } from '../../../src/broker/quorum/metadata-unavailable.ts'
import { emptyImage } from '../../../src/coordination/metadata/image.ts'
import { configNames, QuorumCluster, setting } from './support/quorum-cluster.ts'

/** Sees the image that the commands before it make. */
const count: MetadataCommand<string> = (image) => ({ records: [], reply: String(image.configs.size) })

async function started() {
  const cluster = await QuorumCluster.started({ voters: [1] })
  const node = cluster.node(1)
  const applied: number[] = []
  node.quorum.listen(async () => {
    applied.push(node.quorum.image.configs.size)
  })
  const settled = <T>(promises: readonly Promise<T>[]) => cluster.settled(Promise.allSettled(promises))
  return { cluster, node, applied, settled }
}

describe('a quorum of one', () => {
  it('leads within a few milliseconds', async () => {
    const cluster = new QuorumCluster({ voters: [1] })
    await cluster.node(1).start()
    const tookMs = await cluster.until(() => cluster.leader() !== null, 'a leader')
    expect(tookMs).toBeLessThan(50)
    expect(cluster.node(1).quorum.status).toMatchObject({ leaderId: 1, leaderEpoch: 1, observers: [] })
  })

  it('replies when the change is durable and served', async () => {
    const { node, applied, settled } = await started()
    const results = await settled([
      node.quorum.submit(setting('a')),
      node.quorum.submit(setting('b')),
      node.quorum.submit(count),
    ])
    expect(results).toEqual([
      { status: 'fulfilled', value: 'a' },
      { status: 'fulfilled', value: 'b' },
      { status: 'fulfilled', value: '2' },
    ])
    expect(applied).toEqual([1, 2])
    expect(node.log.durableOffset).toBe(node.log.logEndOffset)
  })

  it('replies only when every listener is done with the change', async () => {
    const { cluster, node } = await started()
    const order: string[] = []
    node.quorum.listen(
      () =>
        new Promise((resolve) => {
          cluster.clock.schedule(20, () => {
            order.push('listener')
            resolve()
          })
        }),
    )
    const replied = node.quorum.submit(setting('a')).then(() => order.push('reply'))
    await cluster.settled(replied)
    expect(order).toEqual(['listener', 'reply'])
  })

  it('shares syncs among commands', async () => {
    const { node, settled } = await started()
    const before = node.disk.counts.get('sync') ?? 0
    await settled(Array.from({ length: 100 }, (_, i) => node.quorum.submit(setting(`c${i}`))))
    expect((node.disk.counts.get('sync') ?? 0) - before).toBeLessThan(10)
  })

  it('trap 1: refuses what a full disk cannot take, and takes the next when there is room', async () => {
    const { cluster, node, applied, settled } = await started()
    const endOffset = node.log.logEndOffset
    node.disk.capacityBytes = node.disk.usedBytes() + 10
    const refused = await settled([
      node.quorum.submit(setting('a')),
      node.quorum.submit(setting('b')),
      node.quorum.submit(count),
    ])
    for (const result of refused) {
      if (result.status === 'fulfilled') expect.unreachable(`${result.value} was accepted`)
      else expect(result.reason).toBeInstanceOf(MetadataUnavailable)
    }
    expect([node.log.logEndOffset, applied, node.quorum.image]).toEqual([endOffset, [], emptyImage])
    node.disk.capacityBytes = Number.POSITIVE_INFINITY
    expect(await cluster.set('c')).toBe('c')
    node.kill()
    await node.start()
    await cluster.settled(node.quorum.whenCaughtUp())
    expect(configNames(node)).toEqual(['c'])
  })

  it('trap 7: takes nothing any more when the disk has failed', async () => {
    const { node, settled } = await started()
    node.disk.fault = (operation) => (operation === 'write' ? 'EIO' : null)
    const [failed] = await settled([node.quorum.submit(setting('a'))])
    node.disk.fault = () => null
    const [later] = await settled([node.quorum.submit(setting('b'))])
    for (const result of [failed, later]) {
      if (result?.status !== 'rejected') expect.unreachable('it was accepted')
      else expect(result.reason).not.toBeInstanceOf(MetadataUnavailable)
    }
    expect(node.quorum.failure).not.toBeNull()
  })

  it('rejects a command that cannot be, and goes on', async () => {
    const { cluster, node, settled } = await started()
    const wrong: MetadataCommand<string> = () => ({
      records: [{ type: 'FenceBrokerRecord', value: { id: 7, epoch: 1n } }],
      reply: 'never',
    })
    const [refused] = await settled([node.quorum.submit(wrong)])
    expect(refused?.status).toBe('rejected')
    expect(await cluster.set('a')).toBe('a')
    expect(configNames(node)).toEqual(['a'])
  })

  it('tells a follower of the image everything first, then each change', async () => {
    const { cluster, node } = await started()
    await cluster.set('a')
    const told: string[][] = []
    const following = node.quorum.follow(async (_image, delta) => {
      told.push(delta.configsChanged.map(({ name }) => name))
    })
    const more = node.quorum.submit(setting('b'))
    await cluster.settled(Promise.all([following, more]))
    expect(told).toEqual([['a'], ['b']])
  })

  it('begins another epoch at each start, and serves what it served', async () => {
    const { cluster, node } = await started()
    await cluster.set('a')
    for (const epoch of [2, 3]) {
      await node.stop()
      await node.start()
      await cluster.settled(node.quorum.whenCaughtUp())
      expect(node.quorum.status.leaderEpoch).toBe(epoch)
      expect(configNames(node)).toEqual(['a'])
    }
  })

  it('goes on without its quorum-state, since nobody else votes', async () => {
    const { cluster, node } = await started()
    await cluster.set('a')
    node.kill()
    node.disk.remove('/data/__cluster_metadata-0/quorum-state')
    await node.start()
    await cluster.settled(node.quorum.whenCaughtUp())
    expect(node.quorum.status.leaderEpoch).toBe(2)
    expect(configNames(node)).toEqual(['a'])
  })

  it('names its disk in the log from the start', async () => {
    const { cluster, node } = await started()
    await cluster.run(50)
    const [voter] = node.quorum.status.voters
    expect(voter).toMatchObject({ id: 1, endpoints: [{ name: 'CONTROLLER', host: 'node-1', port: 9093 }] })
    expect(voter?.directoryId).not.toBe('AAAAAAAAAAAAAAAAAAAAAA')
  })

  it('keeps its metadata in snapshots, and starts from the newest', async () => {
    const cluster = await QuorumCluster.started({ voters: [1], bytesBetweenSnapshots: 2_000 })
    const node = cluster.node(1)
    const names = Array.from({ length: 100 }, (_, i) => `c${String(i).padStart(3, '0')}`)
    for (const name of names) await cluster.set(name)
    await cluster.run(50)
    const ids = node.snapshots().list()
    expect(ids.length).toBe(2)
    expect(node.log.logStartOffset).toBe(ids[1]?.endOffset)
    const directoryId = node.quorum.status.voters[0]?.directoryId
    node.kill(cluster.roll)
    await node.start()
    await cluster.settled(node.quorum.whenCaughtUp())
    expect(configNames(node)).toEqual(names)
    expect(node.quorum.status.voters[0]?.directoryId).toBe(directoryId)
  })
})
