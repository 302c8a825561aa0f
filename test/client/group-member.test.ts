/** A member of a group against brokers of a simulated world. */
import { expect, it } from 'vitest'
import { createTopic } from '../../src/client/admin-topics.ts'
import { committedOffsets } from '../../src/client/consumer.ts'
import { GroupMember } from '../../src/client/group-member.ts'
import { hostTurn } from '../../src/runtime/node/host-turn.ts'
import { Simulation } from '../../src/simulation/simulation.ts'

const settings = { 'offsets.topic.num.partitions': '1', 'group.initial.rebalance.delay.ms': '0' }

it('looks for its coordinator again when nobody answers there any more', async () => {
  const simulation = new Simulation({ seed: 1, nodes: 3, settings, hostTurn })
  await simulation.start()
  const cluster = simulation.client('member', { requestTimeoutMs: 1_000 })
  const topic = { name: 'orders', partitions: 1, replicationFactor: 3, configs: {} }
  await simulation.settled(createTopic(cluster, topic))
  const timeouts = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000 }
  const member = new GroupMember(cluster, { groupId: 'team', topics: ['orders'], ...timeouts })
  const share = [{ topic: 'orders', partition: 0 }]
  expect(await simulation.settled(member.join())).toEqual(share)
  simulation.node(await simulation.settled(cluster.coordinator('team'))).kill()

  expect(await simulation.settled(member.commit([{ topic: 'orders', partition: 0, offset: 7 }]))).toBe(true)
  const committed = await simulation.settled(committedOffsets(cluster, 'team', share))
  expect(committed).toMatchObject([{ offset: 7 }])
  simulation.node(await simulation.settled(cluster.coordinator('team'))).kill()
  simulation.nodes.filter(({ isRunning }) => !isRunning).forEach((node) => void node.start())
  expect(await simulation.settled(member.heartbeat())).toBe(true)
}, 30_000)
