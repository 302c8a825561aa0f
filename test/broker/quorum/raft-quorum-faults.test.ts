import { describe, expect, it } from 'vitest'
import { MetadataUnavailable } from '../../../src/broker/quorum/metadata-unavailable.ts'
import { NotController } from '../../../src/broker/quorum/not-controller.ts'
import { configNames, QuorumCluster, type QuorumNode, setting } from './support/quorum-cluster.ts'

const STATE = '/data/__cluster_metadata-0/quorum-state'

/** What a promise came to, as one value. */
const outcome = <T>(promise: Promise<T>): Promise<T | unknown> => promise.catch((error: unknown) => error)

async function setMany(cluster: QuorumCluster, from: number, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, i) => `c${String(from + i).padStart(4, '0')}`)
  await cluster.settled(Promise.all(names.map((name) => cluster.theLeader.quorum.submit(setting(name)))))
  return names
}

describe('a quorum of three whose power fails', () => {
  it('trap 14: keeps what it acknowledged when all lose power at once', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const cluster = await QuorumCluster.started({
        seed,
        bytesBetweenSnapshots: seed % 3 === 0 ? 1_500 : 1e9,
      })
      const acknowledged: string[] = []
      for (let round = 0; round < 4; round++) {
        for (let i = 0; i < 15; i++) {
          const name = `r${round}-${String(i).padStart(2, '0')}`
          cluster.theLeader.quorum
            .submit(setting(name))
            .then(() => acknowledged.push(name))
            .catch(() => {})
          await cluster.run(cluster.roll(3))
        }
        for (const node of cluster.up) node.kill(cluster.roll)
        for (const id of cluster.voterIds) await cluster.node(id).start()
        await cluster.until(() => cluster.leader() !== null, 'a leader')
        await cluster.settled(Promise.all(cluster.up.map(({ quorum }) => quorum.whenCaughtUp())))
        for (const node of cluster.up)
          expect(configNames(node), `seed ${seed}, round ${round}`).toEqual(
            expect.arrayContaining(acknowledged),
          )
      }
      expect(acknowledged.length).toBeGreaterThan(10)
      await cluster.set('last')
      await cluster.until(
        () => new Set(cluster.up.map((node) => configNames(node).join())).size === 1,
        'all serve the same',
      )
    }
  })

  it('never votes twice in an epoch: the vote is on the disk before it is told', async () => {
    const cluster = new QuorumCluster({ seed: 3 })
    for (const id of [1, 2, 3]) await cluster.node(id).start()
    const leaders = new Map<number, number>()
    for (let round = 0; round < 25; round++) {
      for (let ms = 0; ms < 400; ms++) {
        await cluster.tick()
        for (const node of cluster.up) {
          const { activeEpoch } = node.quorum
          if (activeEpoch < 0) continue
          expect(leaders.get(activeEpoch) ?? node.id).toBe(node.id)
          leaders.set(activeEpoch, node.id)
        }
      }
      const node = cluster.node(1 + cluster.roll(3))
      node.kill(cluster.roll)
      await cluster.run(cluster.roll(60))
      await node.start()
    }
    expect(leaders.size).toBeGreaterThan(5)
  })
})

describe('a quorum whose disks are full or broken', () => {
  it('trap 14: gives no vote that it cannot write down', async () => {
    const cluster = await QuorumCluster.started()
    await cluster.set('a')
    const leader = cluster.theLeader
    const [full, other] = cluster.others
    if (full === undefined || other === undefined) return expect.unreachable()
    await cluster.run(500)
    full.disk.capacityBytes = full.disk.usedBytes()
    const before = full.quorumState()
    const elected: number[] = []
    other.quorum.onLeaderKnown((leaderId) => {
      if (leaderId >= 0) elected.push(leaderId)
    })
    leader.kill()
    await cluster.run(5_000)
    expect(elected).toEqual([])
    expect(full.quorumState()).toEqual(before)
    full.disk.capacityBytes = Number.POSITIVE_INFINITY
    await cluster.until(() => cluster.leader() !== null, 'a leader')
  })

  it('trap 1: moves leadership away from a full disk, and refuses what was not written', async () => {
    const cluster = await QuorumCluster.started()
    await cluster.set('a')
    const full = cluster.theLeader
    full.disk.capacityBytes = full.disk.usedBytes() + 10
    const refused = await cluster.settled(outcome(full.quorum.submit(setting('b'))))
    expect(refused).toBeInstanceOf(MetadataUnavailable)
    await cluster.until(() => cluster.leader() !== full && cluster.leader() !== null, 'one with room leads')
    await cluster.set('c')
    await cluster.run(3_000)
    expect(cluster.leader()).not.toBe(full)
    expect(configNames(full)).toEqual(['a'])
    full.disk.capacityBytes = Number.POSITIVE_INFINITY
    await cluster.untilAllServe(['a', 'c'])
  })

  it('goes on with a follower whose disk is full, which catches up when there is room', async () => {
    const cluster = await QuorumCluster.started()
    const [full] = cluster.others
    if (full === undefined) return expect.unreachable()
    full.disk.capacityBytes = full.disk.usedBytes() + 300
    const names = await setMany(cluster, 0, 100)
    await cluster.run(2_000)
    expect(configNames(full).length).toBeLessThan(100)
    expect(full.quorum.failure).toBeNull()
    full.disk.capacityBytes = Number.POSITIVE_INFINITY
    await cluster.untilAllServe(names)
  })

  it('trap 7: goes on without a node whose disk has failed, the leader above all', async () => {
    const cluster = await QuorumCluster.started()
    await cluster.set('a')
    const broken = cluster.theLeader
    const failures: Error[] = []
    broken.quorum.onFailed((error) => failures.push(error))
    broken.disk.fault = (operation) => (operation === 'sync' ? 'EIO' : null)
    const lost = await cluster.settled(outcome(broken.quorum.submit(setting('b'))))
    expect(lost).toBeInstanceOf(Error)
    expect(lost).not.toBeInstanceOf(MetadataUnavailable)
    expect(failures).toEqual([broken.quorum.failure])
    const tookMs = await cluster.until(() => (cluster.leader() ?? broken) !== broken, 'another leader')
    expect(tookMs).toBeLessThan(500)
    await cluster.set('c')
    expect(await cluster.settled(outcome(broken.quorum.submit(setting('d'))))).toBe(broken.quorum.failure)
  })

  it('does not start on votes that are not known', async () => {
    const cluster = await QuorumCluster.started()
    await cluster.set('a')
    const [node] = cluster.others
    if (node === undefined) return expect.unreachable()
    node.kill()
    const whole = node.quorumState()
    node.disk.remove(STATE)
    await expect(node.start()).rejects.toThrow('is missing')
    const file = node.disk.open(STATE, 'create')
    file.writeSync([Buffer.from('{"leaderId":1,"lea')], 0)
    node.release()
    await expect(node.start()).rejects.toThrow('cannot be read')
    file.truncateSync(0)
    file.writeSync([Buffer.from(JSON.stringify(whole))], 0)
    node.release()
    await node.start()
    await cluster.untilAllServe(['a'])
  })
})

describe('a node that lost its disk', () => {
  async function wiped(): Promise<{ cluster: QuorumCluster; node: QuorumNode }> {
    const cluster = await QuorumCluster.started()
    await cluster.set('a')
    await cluster.run(500)
    const [node] = cluster.others
    if (node === undefined) return expect.unreachable()
    node.wipe()
    await node.start()
    await cluster.untilAllServe(['a'])
    return { cluster, node }
  }

  it('observes: it neither votes nor counts as the voter that it was', async () => {
    const { cluster, node } = await wiped()
    await cluster.run(1_000)
    const leader = cluster.theLeader
    expect(leader.quorum.status.observers.map(({ id }) => id)).toEqual([node.id])
    const other = cluster.otherThan(leader, node)
    other.kill()
    // Leader and wiped node are two of three ids, but only one of three disks.
    expect(await cluster.settled(outcome(leader.quorum.submit(setting('b'))))).toBeInstanceOf(NotController)
    await cluster.run(5_000)
    expect(cluster.leader()).toBeNull()
    await other.start()
    await cluster.until(() => cluster.leader() !== null, 'a leader')
    expect(cluster.leader()).not.toBe(node)
  })

  it('votes again once it was voted in with its new disk', async () => {
    const { cluster, node } = await wiped()
    const leader = cluster.theLeader
    const without = leader.quorum.status.voters.filter(({ id }) => id !== node.id)
    await cluster.settled(leader.quorum.changeVoters(without))
    const [observer] = leader.quorum.status.observers
    if (observer === undefined) return expect.unreachable('it does not observe')
    const endpoints = [{ name: 'CONTROLLER', host: `node-${node.id}`, port: 9093 }]
    await cluster.settled(leader.quorum.changeVoters([...without, { ...observer, endpoints }]))
    cluster.otherThan(leader, node).kill()
    await cluster.set('b', leader)
    expect(cluster.theLeader).toBe(leader)
  })
})

describe('snapshots', () => {
  it('bring a node that was away for long, which then follows entry by entry', async () => {
    const cluster = await QuorumCluster.started({ bytesBetweenSnapshots: 2_000 })
    const [away] = cluster.others
    if (away === undefined) return expect.unreachable()
    await cluster.set('a')
    away.kill()
    const names: string[] = ['a']
    for (let i = 0; i < 10; i++) names.push(...(await setMany(cluster, i * 20, 20)))
    const leader = cluster.theLeader
    expect(leader.log.logStartOffset).toBeGreaterThan(away.disk.usedBytes() > 0 ? 20 : 0)
    const deltas: number[] = []
    await away.start()
    away.quorum.listen(async (_image, delta) => {
      deltas.push(delta.configsChanged.length)
    })
    await cluster.untilAllServe(names)
    // The snapshot came as one change of all that differs.
    expect(Math.max(...deltas)).toBeGreaterThan(50)
    expect(away.log.logStartOffset).toBeGreaterThan(20)
    await cluster.set('z')
    await cluster.untilAllServe([...names, 'z'])
    expect(away.quorum.status.voters.map(({ directoryId }) => directoryId)).toEqual(
      leader.quorum.status.voters.map(({ directoryId }) => directoryId),
    )
    away.kill(cluster.roll)
    await away.start()
    await cluster.untilAllServe([...names, 'z'])
  })

  it('bring a node whose disk was lost, in many pieces, over restarts of both sides', async () => {
    const cluster = await QuorumCluster.started({ bytesBetweenSnapshots: 300_000, seed: 9 })
    const value = 'x'.repeat(20_000)
    const names = Array.from({ length: 60 }, (_, i) => `big${String(i).padStart(2, '0')}`)
    for (const name of names) await cluster.settled(cluster.theLeader.quorum.submit(setting(name, value)))
    await cluster.run(500)
    const [node] = cluster.others
    if (node === undefined) return expect.unreachable()
    expect(
      node.snapshots().read(node.snapshots().list()[0] ?? { endOffset: 0, epoch: 0 })?.length,
    ).toBeGreaterThan(600_000)
    node.wipe()
    await node.start()
    await cluster.run(3)
    node.kill(cluster.roll)
    await node.start()
    await cluster.run(5)
    const leader = cluster.theLeader
    leader.kill()
    await leader.start()
    await cluster.until(() => cluster.leader() !== null, 'a leader')
    await cluster.untilAllServe(names)
    expect(node.log.logStartOffset).toBeGreaterThan(0)
  })

  it('count where the log does not reach them, or is another one', async () => {
    const cluster = await QuorumCluster.started({ bytesBetweenSnapshots: 2_000 })
    const [short] = cluster.others
    if (short === undefined) return expect.unreachable()
    const names = await setMany(cluster, 0, 5)
    await cluster.untilAllServe(names)
    short.kill()
    for (let i = 1; i < 6; i++) names.push(...(await setMany(cluster, i * 20, 20)))
    const leader = cluster.theLeader
    const [id] = leader.snapshots().list()
    const bytes = id === undefined ? null : leader.snapshots().read(id)
    if (id === undefined || bytes === null) return expect.unreachable('there is no snapshot')
    // A stop came after the snapshot had its name and before the log was cut.
    await cluster.settled(short.snapshots().keepPiece(id, 0, bytes))
    await cluster.settled(short.snapshots().installKept(id))
    await short.start()
    expect([short.log.logStartOffset, short.log.logEndOffset]).toEqual([id.endOffset, id.endOffset])
    expect(short.quorum.appliedOffset).toBe(id.endOffset)
    await cluster.untilAllServe(names)
  })

  it('count where the log says something else of their last entry', async () => {
    const cluster = await QuorumCluster.started()
    await setMany(cluster, 0, 20)
    await cluster.run(500)
    const [node] = cluster.others
    if (node === undefined) return expect.unreachable()
    node.kill()
    await cluster.settled(node.snapshots().write(10, 9, [], 0))
    await node.start()
    expect([node.log.logStartOffset, node.log.logEndOffset]).toEqual([10, 10])
  })

  it('end an installation that a power cut came into', async () => {
    const cluster = await QuorumCluster.started({ bytesBetweenSnapshots: 2_000, seed: 4 })
    const [away] = cluster.others
    if (away === undefined) return expect.unreachable()
    const names = await setMany(cluster, 0, 10)
    away.kill()
    for (let i = 1; i < 10; i++) names.push(...(await setMany(cluster, i * 20, 20)))
    // Cut short at every moment of the installation, the last time not at all.
    for (let ms = 1; ms < 40; ms += 3) {
      await away.start()
      await cluster.run(ms)
      away.kill(cluster.roll)
    }
    await away.start()
    await cluster.untilAllServe(names)
  })
})
