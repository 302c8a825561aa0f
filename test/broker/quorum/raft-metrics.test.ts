import { describe, expect, it } from 'vitest'
import { RaftMetrics, stateName } from '../../../src/broker/quorum/raft-metrics.ts'
import { MetricsRegistry } from '../../../src/runtime/metrics.ts'
import { QuorumCluster, type QuorumNode, setting } from './support/quorum-cluster.ts'

function observed(cluster: QuorumCluster, node: QuorumNode): (name: string) => number {
  const registry = new MetricsRegistry()
  new RaftMetrics(registry, node.quorum, cluster.clock)
  return (name) => {
    const line = registry
      .text()
      .split('\n')
      .find((text) => text.startsWith(`${name} `))
    if (line === undefined) throw new Error(`there is no ${name}`)
    return Number(line.split(' ').at(-1))
  }
}

const RAFT = 'kafka_server_raftmetrics_'

describe('raft metrics', () => {
  it('names states as Kafka does', () => {
    expect([
      stateName('leader', true, true),
      stateName('pre-candidate', false, false),
      stateName('pre-candidate', false, true),
      stateName('candidate', false, true),
      stateName('follower', true, true),
      stateName('follower', false, true),
      stateName('follower', false, false),
      stateName('observer', true, false),
      stateName('observer', false, false),
    ]).toEqual([
      'leader',
      'prospective',
      'prospective-voted',
      'candidate',
      'follower',
      'unattached-voted',
      'unattached',
      'observer',
      'unattached',
    ])
  })

  it('measures commits and records of the leader, and records of a follower', async () => {
    const cluster = await QuorumCluster.started({ voters: [1, 2, 3] })
    const leader = cluster.theLeader
    const [follower] = cluster.others
    if (follower === undefined) throw new Error('nobody follows')
    await cluster.until(
      () => follower.quorum.status.logEndOffset === leader.quorum.status.logEndOffset,
      'the follower has all',
    )
    const ofLeader = observed(cluster, leader)
    const ofFollower = observed(cluster, follower)
    expect(ofLeader(`${RAFT}commit_latency_avg`)).toBeNaN()
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f'])
      await cluster.settled(leader.quorum.submit(setting(name)))
    const end = leader.quorum.status.logEndOffset
    await cluster.until(() => follower.quorum.appliedOffset === end, 'the follower serves all')
    // A write and a sync take their virtual milliseconds here and on another node.
    expect(ofLeader(`${RAFT}commit_latency_avg`)).toBeGreaterThan(0)
    expect(ofLeader(`${RAFT}commit_latency_max`)).toBeGreaterThanOrEqual(
      ofLeader(`${RAFT}commit_latency_avg`),
    )
    expect(ofLeader(`${RAFT}append_records_rate`)).toBeCloseTo(6 / 30)
    expect(ofLeader(`${RAFT}fetch_records_rate`)).toBe(0)
    expect(ofFollower(`${RAFT}fetch_records_rate`)).toBeCloseTo(6 / 30)
    expect(ofFollower(`${RAFT}append_records_rate`)).toBe(0)
    expect(ofFollower('kafka_server_brokermetadatametrics_last_applied_record_offset')).toBe(end - 1)
    expect(ofFollower('kafka_server_brokermetadatametrics_last_applied_record_lag_ms')).toBe(0)
  })

  it('measures an election, and tells who was voted for', async () => {
    const cluster = await QuorumCluster.started({ voters: [1, 2, 3] })
    const observers = cluster.others.map((node) => ({ node, read: observed(cluster, node) }))
    cluster.theLeader.kill()
    await cluster.until(() => cluster.leader() !== null, 'a new leader')
    const winner = observers.find(({ node }) => node === cluster.leader())
    if (winner === undefined) throw new Error('nobody won')
    expect(winner.read(`${RAFT}election_latency_max`)).toBeGreaterThan(0)
    expect(winner.read(`${RAFT}current_leader`)).toBe(winner.node.id)
    expect(winner.read(`${RAFT}current_vote`)).toBe(winner.node.id)
    expect(winner.read(`${RAFT}current_epoch`)).toBe(winner.node.quorum.status.leaderEpoch)
    expect(winner.read(`${RAFT}log_end_epoch`)).toBe(winner.node.quorum.status.leaderEpoch)
    expect(winner.read(`${RAFT}current_state{current_state="leader"}`)).toBe(1)
    expect(winner.read(`${RAFT}current_state{current_state="follower"}`)).toBe(0)
  })
})
