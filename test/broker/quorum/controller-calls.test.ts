import { describe, expect, it } from 'vitest'
import { NotController } from '../../../src/broker/quorum/not-controller.ts'
import { QuorumCluster, type QuorumNode } from './support/quorum-cluster.ts'

/** Answers with who served, who asked, and what. */
function serve(node: QuorumNode): void {
  node.quorum.serveCommands(async (payload, from) => {
    if (payload.toString() === 'break') throw new Error('the handler broke')
    return Buffer.from(`${node.id} to ${from}: ${payload}`)
  })
}

async function serving(): Promise<QuorumCluster> {
  const cluster = await QuorumCluster.started()
  for (const node of cluster.up) serve(node)
  return cluster
}

const call = (
  cluster: QuorumCluster,
  node: QuorumNode,
  payload: string,
  deadlineMs = 5_000,
): Promise<string> =>
  cluster.settled(node.quorum.callController(Buffer.from(payload), deadlineMs)).then(String)

describe('commands for the active controller', () => {
  it('are answered by it, from every node', async () => {
    const cluster = await serving()
    const leader = cluster.theLeader
    for (const node of cluster.up)
      expect(await call(cluster, node, 'a')).toBe(`${leader.id} to ${node.id}: a`)
  })

  it('wait until somebody leads', async () => {
    const cluster = await serving()
    const leader = cluster.theLeader
    const [caller] = cluster.others
    if (caller === undefined) return expect.unreachable()
    leader.kill()
    await cluster.until(() => caller.quorum.status.leaderId !== leader.id, 'the leader is missed')
    const answer = await call(cluster, caller, 'a')
    expect(answer).toBe(`${cluster.theLeader.id} to ${caller.id}: a`)
  })

  it('go to the next leader when the one that was asked is none any more', async () => {
    const cluster = await serving()
    const old = cluster.theLeader
    const [caller] = cluster.others
    if (caller === undefined) return expect.unreachable()
    old.quorum.serveCommands(() => Promise.reject(new NotController(-1)))
    const answer = cluster.settled(caller.quorum.callController(Buffer.from('a'), 10_000)).then(String)
    await cluster.run(200)
    await old.stop()
    expect(await answer).toBe(`${cluster.theLeader.id} to ${caller.id}: a`)
  })

  it('fail at the deadline when nobody leads', async () => {
    const cluster = await serving()
    const [alone, ...others] = cluster.up
    if (alone === undefined) return expect.unreachable()
    for (const node of others) node.kill()
    await cluster.until(() => alone.quorum.status.leaderId === -1, 'nobody leads')
    const before = cluster.clock.nowMs
    await expect(call(cluster, alone, 'a', 700)).rejects.toBeInstanceOf(NotController)
    expect(cluster.clock.nowMs - before).toBeGreaterThanOrEqual(700)
    expect(cluster.clock.nowMs - before).toBeLessThan(1_000)
  })

  it('are not sent twice when the controller died with one under way', async () => {
    const cluster = await serving()
    const leader = cluster.theLeader
    const [caller] = cluster.others
    if (caller === undefined) return expect.unreachable()
    let served = 0
    for (const node of cluster.up) {
      node.quorum.serveCommands(() => {
        served++
        return new Promise(() => {})
      })
    }
    const failed = caller.quorum.callController(Buffer.from('a'), 1_000).catch((error: unknown) => error)
    await cluster.until(() => served === 1, 'it has arrived')
    leader.kill()
    expect(await cluster.settled(failed)).toBeInstanceOf(NotController)
    expect(served).toBe(1)
  })

  it('tell what the controller failed with', async () => {
    const cluster = await serving()
    for (const node of cluster.up)
      await expect(call(cluster, node, 'break')).rejects.toThrow('the handler broke')
  })

  it('end when the node stops', async () => {
    const cluster = await serving()
    const [alone, ...others] = cluster.up
    if (alone === undefined) return expect.unreachable()
    for (const node of others) node.kill()
    await cluster.until(() => alone.quorum.status.leaderId === -1, 'nobody leads')
    const failed = alone.quorum.callController(Buffer.from('a'), 60_000).catch((error: unknown) => error)
    const before = cluster.clock.nowMs
    await cluster.settled(alone.quorum.stop())
    expect(await cluster.settled(failed)).toBeInstanceOf(NotController)
    expect(cluster.clock.nowMs - before).toBeLessThan(5_000)
  })
})
