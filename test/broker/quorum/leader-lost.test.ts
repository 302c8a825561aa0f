import { describe, expect, it } from 'vitest'
import { QuorumCluster } from './support/quorum-cluster.ts'

/** Milliseconds from the loss of the leader to the next active one, one for each seed. */
async function gaps(seeds: number, lose: (cluster: QuorumCluster) => void): Promise<number[]> {
  const found: number[] = []
  for (let seed = 1; seed <= seeds; seed++) {
    const cluster = await QuorumCluster.started({ seed })
    await cluster.run(300 + seed)
    const before = cluster.theLeader
    lose(cluster)
    found.push(
      await cluster.until(
        () => cluster.up.some((node) => node !== before && node.quorum.isActive),
        'another leader',
      ),
    )
    await cluster.stopAll()
  }
  return found.sort((a, b) => a - b)
}

describe('a new quorum', () => {
  it('has a leader as soon as all voters are there', async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const cluster = new QuorumCluster({ seed })
      for (const id of [1, 2, 3]) await cluster.node(id).start()
      const tookMs = await cluster.until(() => cluster.leader() !== null, 'a leader')
      expect(tookMs).toBeLessThan(300)
      await cluster.stopAll()
    }
  })
})

describe('a leader that is lost', () => {
  it('is replaced well within a second when its process is gone, also when votes are split', async () => {
    const found = await gaps(300, (cluster) => cluster.theLeader.kill())
    expect(found.at(-1)).toBeLessThan(150)
  })

  it('is not replaced because of a hint: one that lives, or is frozen, still listens', async () => {
    const cluster = await QuorumCluster.started()
    const leader = cluster.theLeader
    const { activeEpoch } = leader.quorum
    for (const node of cluster.others) cluster.network.breakStreams(`node-${leader.id}`, `node-${node.id}`)
    await cluster.run(1_000)
    expect(leader.quorum.activeEpoch).toBe(activeEpoch)
    for (const node of cluster.others) cluster.network.breakStreams(`node-${leader.id}`, `node-${node.id}`)
    cluster.deafen(leader)
    const gapMs = await cluster.until(() => cluster.leader() !== leader, 'another leader')
    expect(gapMs).toBeGreaterThan(800)
  })
})
