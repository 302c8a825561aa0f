import { describe, expect, it } from 'vitest'
import type { QuorumReplica } from '../../../src/broker/quorum/metadata-quorum.ts'
import { VotersRefused } from '../../../src/broker/quorum/voters-refused.ts'
import { QuorumCluster, type QuorumNode } from './support/quorum-cluster.ts'

/** So often another node takes over until the one that is waited for does. */
const LEADERS_MAX = 30

const endpoints = (id: number) => [{ name: 'CONTROLLER', host: `node-${id}`, port: 9093 }]

async function withObserver(): Promise<{ cluster: QuorumCluster; observer: QuorumNode }> {
  const cluster = await QuorumCluster.started()
  await cluster.set('a')
  const observer = cluster.node(4)
  await observer.start()
  await cluster.untilAllServe(['a'])
  await cluster.run(500)
  return { cluster, observer }
}

function observerOf(cluster: QuorumCluster, id: number): QuorumReplica {
  const found = cluster.theLeader.quorum.status.observers.find((replica) => replica.id === id)
  if (found === undefined) throw new Error(`${id} does not observe`)
  return found
}

async function add(cluster: QuorumCluster, id: number): Promise<void> {
  const { quorum } = cluster.theLeader
  const voter = { ...observerOf(cluster, id), endpoints: endpoints(id) }
  await cluster.settled(quorum.changeVoters([...quorum.status.voters, voter]))
}

async function remove(cluster: QuorumCluster, id: number): Promise<void> {
  const { quorum } = cluster.theLeader
  await cluster.settled(quorum.changeVoters(quorum.status.voters.filter((voter) => voter.id !== id)))
}

describe('observers', () => {
  it('follow the log without a vote, and never lead', async () => {
    const { cluster, observer } = await withObserver()
    expect(observerOf(cluster, 4)).toMatchObject({ id: 4, logEndOffset: cluster.theLeader.log.logEndOffset })
    const [a, b] = cluster.up.filter((node) => node !== observer)
    a?.kill()
    b?.kill()
    await cluster.run(5_000)
    expect(cluster.leader()).toBeNull()
    await a?.start()
    await cluster.until(() => cluster.leader() !== null, 'a leader')
    await cluster.set('b')
    await cluster.untilAllServe(['a', 'b'])
  })

  it('can call the controller, and are waited for', async () => {
    const { cluster, observer } = await withObserver()
    for (const { quorum } of cluster.up)
      quorum.serveCommands(async (payload, from) => Buffer.from(`${from} ${payload}`))
    expect(String(await cluster.settled(observer.quorum.callController(Buffer.from('x'), 1_000)))).toBe('4 x')
    const { quorum } = cluster.theLeader
    await cluster.set('b')
    const before = cluster.clock.nowMs
    await cluster.settled(quorum.whenServed(quorum.status.highWatermark, () => [1, 2, 3, 4], 5_000))
    expect(cluster.clock.nowMs - before).toBeLessThan(50)
  })
})

describe('a node that knows only the first voters', () => {
  it('finds a leader that is none of them', async () => {
    const { cluster } = await withObserver()
    await add(cluster, 4)
    for (let tries = 0; cluster.theLeader.id !== 4 && tries < LEADERS_MAX; tries++) {
      const before = cluster.theLeader
      before.kill()
      await cluster.until(() => cluster.leader() !== null, 'another leads')
      await before.start()
    }
    expect(cluster.theLeader.id).toBe(4)
    await cluster.node(5).start()
    await cluster.untilAllServe(['a'])
    expect(observerOf(cluster, 5).id).toBe(5)
  })
})

describe('voters', () => {
  it('come and go one at a time, the leader too', async () => {
    const { cluster } = await withObserver()
    await add(cluster, 4)
    expect(cluster.theLeader.quorum.status.voters.map(({ id }) => id).sort()).toEqual([1, 2, 3, 4])
    const first = cluster.theLeader
    await remove(cluster, first.id)
    await cluster.until(() => (cluster.leader() ?? first) !== first, 'another leads')
    const left = [1, 2, 3, 4].filter((id) => id !== first.id)
    expect(cluster.theLeader.quorum.status.voters.map(({ id }) => id).sort()).toEqual(left)
    first.kill()
    await cluster.set('b')
    const second = cluster.theLeader
    second.kill()
    await cluster.until(() => cluster.leader() !== null, 'the last two lead')
    await cluster.set('c')
    await second.start()
    await cluster.untilAllServe(['a', 'b', 'c'])
  })

  it('are known from the log after a restart of all, not from the configuration', async () => {
    const { cluster } = await withObserver()
    await add(cluster, 4)
    await remove(cluster, 1 + (cluster.theLeader.id % 3))
    const removed = 1 + (cluster.theLeader.id % 3)
    const voters = cluster.theLeader.quorum.status.voters.map(({ id }) => id).sort()
    await cluster.run(300)
    for (const node of cluster.up) node.kill(cluster.roll)
    for (const id of voters) await cluster.node(id).start()
    await cluster.until(() => cluster.leader() !== null, 'a leader')
    expect(cluster.theLeader.quorum.status.voters.map(({ id }) => id).sort()).toEqual(voters)
    expect(voters).not.toContain(removed)
    await cluster.set('b')
  })

  it('are not changed twice at once, nor by a set that nobody leads, nor with one that has not caught up', async () => {
    const { cluster } = await withObserver()
    const { quorum } = cluster.theLeader
    const { voters } = quorum.status
    const refusal = (promise: Promise<void>): Promise<unknown> =>
      cluster.settled(promise.then(() => 'changed').catch((error: unknown) => error))
    const stranger = { id: 9, directoryId: 'Xv3_1d6tT8Ox8oVqv5cDpA', endpoints: endpoints(9) }
    for (const [proposed, reason] of [
      [voters.slice(0, 1), 'not-one-change'],
      [[], 'not-one-change'],
      [[...voters, stranger], 'not-caught-up'],
    ] as const) {
      const error = await refusal(quorum.changeVoters(proposed))
      expect(error).toBeInstanceOf(VotersRefused)
      if (error instanceof VotersRefused) expect(error.reason).toBe(reason)
    }
    const follower = cluster.others[0]
    await expect(cluster.settled(follower?.quorum.changeVoters(voters) ?? Promise.resolve())).rejects.toThrow(
      'not the active controller',
    )
    const adding = quorum.changeVoters([...voters, { ...observerOf(cluster, 4), endpoints: endpoints(4) }])
    const again = await refusal(quorum.changeVoters(voters.slice(1)))
    expect(again).toBeInstanceOf(VotersRefused)
    await cluster.settled(adding)
  })

  it('are found through the configuration by a node that knows none of today’s', async () => {
    const cluster = await QuorumCluster.started({ voters: [1] })
    const away = cluster.node(3)
    for (const node of [cluster.node(2), away]) await node.start()
    await cluster.set('a')
    await cluster.untilAllServe(['a'])
    away.kill()
    await add(cluster, 2)
    await remove(cluster, 1)
    await cluster.until(() => cluster.leader() === cluster.node(2), 'the new voter leads')
    cluster.node(1).kill()
    await cluster.set('b')
    cluster.configured = [2]
    await away.start()
    await cluster.untilAllServe(['a', 'b'])
  })

  it('can be told of another address', async () => {
    const cluster = await QuorumCluster.started()
    await cluster.set('a')
    await cluster.run(500)
    const { quorum } = cluster.theLeader
    const moved = quorum.status.voters.map((voter) =>
      voter.id === 2 ? { ...voter, endpoints: [{ name: 'CONTROLLER', host: 'elsewhere', port: 1 }] } : voter,
    )
    await cluster.settled(quorum.changeVoters(moved))
    expect(quorum.status.voters[1]?.endpoints[0]?.host).toBe('elsewhere')
  })
})
