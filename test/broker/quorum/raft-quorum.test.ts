import { describe, expect, it } from 'vitest'
import { NotController } from '../../../src/broker/quorum/not-controller.ts'
import { configNames, largeSetting, QuorumCluster, setting } from './support/quorum-cluster.ts'

describe('a quorum of three', () => {
  it('elects one leader, and everybody knows it', async () => {
    const cluster = await QuorumCluster.started()
    const { id } = cluster.theLeader
    await cluster.until(
      () => cluster.up.every(({ quorum }) => quorum.status.leaderId === id),
      'all know the leader',
    )
    expect(cluster.up.filter(({ quorum }) => quorum.isActive).length).toBe(1)
    const epochs = new Set(cluster.up.map(({ quorum }) => quorum.status.leaderEpoch))
    expect(epochs.size).toBe(1)
  })

  it('makes a command the truth on every node, with the same log on every disk', async () => {
    const cluster = await QuorumCluster.started()
    expect(await cluster.set('a')).toBe('a')
    await Promise.all([cluster.set('b'), cluster.set('c')])
    await cluster.untilAllServe(['a', 'b', 'c'])
    await cluster.run(1_000)
    const ends = cluster.up.map(({ log }) => [log.logEndOffset, log.durableOffset, log.highWatermark])
    expect(new Set(ends.flat()).size).toBe(1)
  })

  it('refuses commands elsewhere, with the id of the leader', async () => {
    const cluster = await QuorumCluster.started()
    await cluster.set('a')
    await cluster.untilAllServe(['a'])
    for (const node of cluster.others) {
      const refused = await cluster.settled(node.quorum.submit(setting('b')).catch((error: unknown) => error))
      expect(refused).toBeInstanceOf(NotController)
      if (refused instanceof NotController) expect(refused.leaderId).toBe(cluster.theLeader.id)
    }
  })

  it('tells of leadership and its end, in turn', async () => {
    const cluster = new QuorumCluster()
    const told: string[] = []
    for (const id of [1, 2, 3]) {
      await cluster.node(id).start()
      cluster.node(id).quorum.onLeadership({
        lead: (epoch) => told.push(`${id} leads ${epoch}`),
        resign: () => told.push(`${id} resigns`),
      })
    }
    await cluster.until(() => cluster.leader() !== null, 'a leader')
    const first = cluster.theLeader
    const { activeEpoch } = first.quorum
    cluster.cut(first, cluster.otherThan(first))
    cluster.cut(first, cluster.otherThan(first, cluster.otherThan(first)))
    await cluster.until(
      () => cluster.up.some((node) => node !== first && node.quorum.isActive),
      'another leader',
    )
    await cluster.until(() => !first.quorum.isActive, 'the first one resigns')
    const second = cluster.theLeader
    expect(told).toContain(`${second.id} leads ${second.quorum.activeEpoch}`)
    expect(told.filter((line) => line.startsWith(`${first.id} `))).toEqual([
      `${first.id} leads ${activeEpoch}`,
      `${first.id} resigns`,
    ])
  })

  it('replaces a leader that was killed within half a second, and one that is silent within two', async () => {
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const cluster = await QuorumCluster.started({ seed })
      await cluster.set('a')
      const killed = cluster.theLeader
      killed.kill()
      const afterKill = await cluster.until(() => cluster.leader() !== null, 'another leader')
      expect(afterKill).toBeLessThan(500)
      await cluster.set('b')
      await killed.start()
      await cluster.untilAllServe(['a', 'b'])
      const silent = cluster.theLeader
      for (const node of cluster.others) cluster.cut(silent, node)
      const afterSilence = await cluster.until(() => cluster.leader() !== silent, 'another leader still')
      expect(afterSilence).toBeLessThan(2_000)
      cluster.network.heal()
      await cluster.set('c')
      await cluster.untilAllServe(['a', 'b', 'c'])
    }
  })

  it('does not lose what it acknowledged when its leader dies, again and again', async () => {
    const cluster = await QuorumCluster.started({ seed: 1 })
    const acknowledged: string[] = []
    for (let round = 0; round < 10; round++) {
      const leader = cluster.theLeader
      const waiting = Array.from({ length: 20 }, (_, i) => leader.quorum.submit(setting(`r${round}-${i}`)))
      for (const promise of waiting) promise.then((name) => acknowledged.push(name)).catch(() => {})
      await cluster.run(cluster.roll(8))
      leader.kill(round % 2 === 0 ? cluster.roll : undefined)
      await cluster.until(() => cluster.leader() !== null, 'another leader')
      await leader.start()
      await cluster.settled(leader.quorum.whenCaughtUp())
      for (const node of cluster.up) {
        const names = configNames(node)
        expect(names).toEqual(expect.arrayContaining(acknowledged))
      }
      await cluster.run(300)
      expect(new Set(cluster.up.map((node) => configNames(node).join())).size).toBe(1)
    }
    expect(acknowledged.length).toBeGreaterThan(20)
  })

  it('rejects what was not committed when leadership is lost', async () => {
    const cluster = await QuorumCluster.started()
    const leader = cluster.theLeader
    await cluster.set('a')
    for (const node of cluster.others) cluster.cut(leader, node)
    const lost = leader.quorum.submit(setting('lost')).catch((error: unknown) => error)
    const error = await cluster.settled(lost)
    expect(error).toBeInstanceOf(NotController)
    await cluster.until(() => cluster.leader() !== null, 'another leader')
    await cluster.set('b')
    cluster.network.heal()
    await cluster.untilAllServe(['a', 'b'])
  })

  it('gives way in the middle of a write, and takes the new leader’s entries instead', async () => {
    const cluster = await QuorumCluster.started()
    await cluster.set('a')
    const old = cluster.theLeader
    for (const node of cluster.others) cluster.cut(old, node)
    await cluster.until(() => cluster.leader() !== old && cluster.leader() !== null, 'another leader')
    expect(old.quorum.isActive).toBe(true)
    await cluster.set('b')
    cluster.network.heal()
    // Too large to be written within the turn, and slow: the new leader's entries come while it is on its way.
    old.slowNextWriteMs = 300
    const lost = old.quorum.submit(largeSetting('lost')).catch((error: unknown) => error)
    expect(await cluster.settled(lost)).toBeInstanceOf(NotController)
    await cluster.set('c')
    await cluster.untilAllServe(['a', 'b', 'c'])
    await cluster.run(500)
    expect(new Set(cluster.up.map(({ log }) => log.logEndOffset)).size).toBe(1)
    expect(old.quorum.failure).toBeNull()
  })

  it('commits nothing without a majority, and goes on when it is back', async () => {
    const cluster = await QuorumCluster.started()
    const leader = cluster.theLeader
    const [a, b] = cluster.others
    a?.kill()
    b?.kill()
    const stuck = leader.quorum.submit(setting('stuck')).catch(() => 'rejected')
    expect(await cluster.settled(stuck)).toBe('rejected')
    expect(cluster.leader()).toBeNull()
    await a?.start()
    await cluster.until(() => cluster.leader() !== null, 'a leader of two')
    await cluster.set('a')
  })

  it('tells when the last stream to a node has ended', async () => {
    const cluster = await QuorumCluster.started()
    const [dead, witness] = cluster.others
    if (dead === undefined || witness === undefined) return expect.unreachable()
    const lost: string[] = []
    for (const node of [witness, cluster.theLeader])
      node.quorum.onPeerLost((peer) => lost.push(`${node.id} lost ${peer}`))
    await cluster.run(100)
    dead.kill()
    await cluster.run(10)
    expect(lost.sort()).toEqual([witness, cluster.theLeader].map(({ id }) => `${id} lost ${dead.id}`).sort())
  })

  it('survives a false hint: a stream that closes while the leader lives', async () => {
    const cluster = await QuorumCluster.started()
    await cluster.set('a')
    const leader = cluster.theLeader
    const { activeEpoch } = leader.quorum
    const [follower] = cluster.others
    if (follower === undefined) return expect.unreachable()
    cluster.network.breakStreams(`node-${leader.id}`, `node-${follower.id}`)
    await cluster.run(2_000)
    expect(leader.quorum.activeEpoch).toBe(activeEpoch)
    await cluster.set('b')
    await cluster.untilAllServe(['a', 'b'])
  })

  it('hands over when it stops, faster than any time-out', async () => {
    const cluster = await QuorumCluster.started()
    await cluster.set('a')
    const leader = cluster.theLeader
    let waitedMs = 0
    const stopping = leader.stop()
    await cluster
      .until(() => cluster.up.some((node) => node !== leader && node.quorum.isActive), 'another leader')
      .then((ms) => {
        waitedMs = ms
      })
    expect(waitedMs).toBeLessThan(100)
    await cluster.settled(stopping)
    await cluster.set('b')
    await leader.start()
    await cluster.untilAllServe(['a', 'b'])
    await cluster.stopAll()
    expect(cluster.up).toEqual([])
  })

  it('stops at once when nobody can take over', async () => {
    const cluster = await QuorumCluster.started()
    await cluster.set('a')
    const leader = cluster.theLeader
    for (const node of cluster.others) node.kill()
    await cluster.run(5)
    const before = cluster.clock.nowMs
    await cluster.settled(leader.quorum.stop())
    expect(cluster.clock.nowMs - before).toBeLessThan(10)
  })

  it('costs a node that reads nothing its own stream only', async () => {
    const cluster = await QuorumCluster.started()
    const [slow] = cluster.others
    if (slow === undefined) return expect.unreachable()
    cluster.deafen(slow)
    for (let i = 0; i < 20; i++) await cluster.set(`c${i}`)
    expect(
      cluster.theLeader.quorum.status.voters.find(({ id }) => id === slow.id)?.appliedOffset,
    ).toBeLessThan(cluster.theLeader.log.highWatermark)
  })

  it('describes the quorum', async () => {
    const cluster = await QuorumCluster.started()
    await cluster.set('a')
    await cluster.untilAllServe(['a'])
    await cluster.run(500)
    const leader = cluster.theLeader
    const { status } = leader.quorum
    expect(status).toMatchObject({
      leaderId: leader.id,
      highWatermark: leader.log.logEndOffset,
      observers: [],
    })
    expect(status.voters.map(({ id }) => id)).toEqual([1, 2, 3])
    for (const voter of status.voters) {
      expect(voter.logEndOffset).toBe(leader.log.logEndOffset)
      expect(voter.appliedOffset).toBe(leader.log.logEndOffset)
      expect(voter.directoryId).not.toBe('AAAAAAAAAAAAAAAAAAAAAA')
      expect(cluster.clock.nowMs - voter.lastHeardMs).toBeLessThan(300)
      expect(cluster.clock.nowMs - voter.lastCaughtUpMs).toBeLessThan(300)
      expect(voter.endpoints).toEqual([{ name: 'CONTROLLER', host: `node-${voter.id}`, port: 9093 }])
    }
  })
})

describe('waiting until all serve a change', () => {
  it('ends when they do, soon after the reply', async () => {
    const cluster = await QuorumCluster.started()
    await cluster.set('a')
    const { quorum } = cluster.theLeader
    const offset = quorum.status.highWatermark
    let isServed = false
    const served = quorum
      .whenServed(offset, () => [1, 2, 3], 5_000)
      .then(() => {
        isServed = true
      })
    const tookMs = await cluster.until(() => isServed, 'all serve it')
    await served
    expect(tookMs).toBeLessThan(30)
    for (const node of cluster.up) expect(configNames(node)).toEqual(['a'])
  })

  it('ends at the deadline when one does not, and at once when nobody waits for it any more', async () => {
    const cluster = await QuorumCluster.started()
    const [away] = cluster.others
    if (away === undefined) return expect.unreachable()
    away.kill()
    await cluster.set('a')
    const { quorum } = cluster.theLeader
    const offset = quorum.status.highWatermark
    const before = cluster.clock.nowMs
    await cluster.settled(quorum.whenServed(offset, () => [away.id], 300))
    expect(cluster.clock.nowMs - before).toBeGreaterThanOrEqual(300)
    const living = new Set([away.id])
    let isServed = false
    const served = quorum
      .whenServed(offset, () => living, 60_000)
      .then(() => {
        isServed = true
      })
    await cluster.run(50)
    expect(isServed).toBe(false)
    living.clear()
    await cluster.until(() => isServed, 'nobody is waited for')
    await served
  })

  it('ends with the leadership: a node that leads no more does not hear who serves what', async () => {
    const cluster = await QuorumCluster.started()
    await cluster.set('a')
    const former = cluster.theLeader
    const { quorum } = former
    const offset = quorum.status.highWatermark
    for (const other of cluster.others) cluster.cut(former, other)
    let isOver = false
    const waiting = quorum
      .whenServed(offset + 1, () => [1, 2, 3], 3_600_000)
      .then(() => {
        isOver = true
      })
    await cluster.until(() => !quorum.isActive, 'it leads no more')
    await cluster.run(1)
    expect(isOver).toBe(true)
    await waiting
    const before = cluster.clock.nowMs
    await cluster.settled(quorum.whenServed(offset + 1, () => [1, 2, 3], 3_600_000))
    expect(cluster.clock.nowMs - before).toBeLessThanOrEqual(1)
  })
})
