/** What has rotted in a metadata log is never believed: its node halts and says why, or cuts it and is told again. */
import { expect, it } from 'vitest'
import { createTopic } from '../../src/client/admin-topics.ts'
import { metadata } from '../../src/protocol/messages/metadata.ts'
import { promiseTurn } from '../../src/runtime/node/promise-turn.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { Simulation } from '../../src/simulation/simulation.ts'

const LOG = '/data/__cluster_metadata-0/00000000000000000000.log'
const TOPICS = 12
const ROUNDS = 24

it('a bit that turned anywhere in the metadata log of a node', async () => {
  const random = new SeededRandom(3).stream('rot')
  const simulation = new Simulation({ seed: 7, nodes: 3, keepsLines: true, hostTurn: promiseTurn })
  await simulation.start()
  const admin = simulation.client('admin', { retryMs: 60_000, requestTimeoutMs: 2_000 })
  for (let index = 0; index < TOPICS; index++) {
    const topic = { name: `topic-${index}`, partitions: 3, replicationFactor: 3, configs: {} }
    await simulation.settled(createTopic(admin, topic))
  }
  await simulation.pass(11_000)
  const toldBy = async (node: number): Promise<string[]> => {
    const ask = () => admin.request(node, metadata, { topics: null, allowAutoTopicCreation: false })
    const { topics } = await admin.retrying(ask)
    return topics.map(({ name, partitions }) => `${name} ${partitions.length}`).sort()
  }
  const topics = await simulation.settled(toldBy(1))
  expect(topics.length).toBeGreaterThanOrEqual(TOPICS)
  let halts = 0
  for (let round = 0; round < ROUNDS; round++) {
    const node = simulation.node(1 + (round % 3))
    node.losePower()
    const sizeBytes = node.disk.status(LOG)?.sizeBytes ?? 0
    const [position, bit] = [random.below(sizeBytes), random.below(8)]
    node.disk.flipBit(LOG, position, bit)
    const before = simulation.transcript.lines.length
    void node.start()
    await simulation.pass(3_000)
    if (!node.isRunning) {
      halts++
      const told = simulation.transcript.lines
        .slice(before)
        .filter((line) => line.includes(`node-${node.id}`))
      expect(told.join('\n'), `byte ${position}`).toMatch(/metadata/)
      node.disk.flipBit(LOG, position, bit)
      void node.start()
      await simulation.pass(3_000)
    }
    for (const { id } of simulation.nodes)
      expect(await simulation.settled(toldBy(id)), `byte ${position}, node ${id}`).toEqual(topics)
  }
  expect(halts).toBeGreaterThan(ROUNDS / 2)
}, 60_000)
