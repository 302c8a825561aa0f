/** Plans of an operator who drains a node while moves are under way. */
import { expect, test } from 'vitest'
import { movesUnderWay, reassign } from '../../src/client/admin-cluster.ts'
import { createTopic, describePartitions } from '../../src/client/admin-topics.ts'
import { drainPlan } from '../../src/client/node-changes.ts'
import { startSimulation } from '../../src/embedded/start-simulation.ts'

const TOPIC = 'held'

test('a drain that is asked for again goes on, and gives no partition more replicas', async () => {
  await using world = await startSimulation({ nodes: 5, seed: 1 })
  const client = world.client()
  await world.settled(createTopic(client, { name: TOPIC, partitions: 1, replicationFactor: 3, configs: {} }))
  const [partition] = await world.settled(describePartitions(client, TOPIC))
  const [leaving = 0, ...staying] = partition?.replicaNodes ?? []
  const [move] = await world.settled(drainPlan(client, leaving))
  if (move === undefined) throw new Error('there is nothing to drain')
  const [taking = 0] = move.target.filter((node) => !staying.includes(node))
  // What it is to fetch does not come, so the move is not done.
  await world.partition([taking], staying.concat(leaving))
  await world.settled(reassign(client, [{ topic: TOPIC, partition: 0, replicas: move.target }]))
  expect(await world.settled(movesUnderWay(client))).toMatchObject([
    { partitions: [{ addingReplicas: [taking], removingReplicas: [leaving] }] },
  ])
  expect(await world.settled(drainPlan(client, leaving))).toEqual([])
  const [back] = await world.settled(drainPlan(client, taking))
  expect(back?.target).toHaveLength(3)
  expect(back?.target).not.toContain(taking)
})
