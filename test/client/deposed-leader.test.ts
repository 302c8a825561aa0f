/** A reader whose leader leads no more: as a follower that broker would go on answering, with what its own log has. */
import { expect, it } from 'vitest'
import { elect, reassign } from '../../src/client/admin-cluster.ts'
import { createTopic, describePartitions } from '../../src/client/admin-topics.ts'
import { EARLIEST, Fetcher } from '../../src/client/fetcher.ts'
import { Producer } from '../../src/client/producer.ts'
import { hostTurn } from '../../src/runtime/node/host-turn.ts'
import { Simulation } from '../../src/simulation/simulation.ts'

const TOPIC = 'orders'
const HEARD_MS = 3_000
const POLLS_MAX = 20

it('reads on at the new leader, though the old one follows it and answers', async () => {
  const simulation = new Simulation({ seed: 1, nodes: 3, hostTurn })
  await simulation.start()
  const writer = simulation.client('writer', { retryMs: 60_000, requestTimeoutMs: 2_000 })
  const configs = { 'min.insync.replicas': '2' }
  await simulation.settled(createTopic(writer, { name: TOPIC, partitions: 1, replicationFactor: 3, configs }))
  const described = async () => (await simulation.settled(describePartitions(writer, TOPIC)))[0]
  const producer = new Producer(writer, { idempotent: true, timeoutMs: 1_000 })
  const send = (text: string) =>
    simulation.settled(producer.send(TOPIC, [{ partition: 0, value: Buffer.from(text) }]))
  const fetcher = new Fetcher(simulation.client('reader', { requestTimeoutMs: 2_000 }), {
    maxWaitMs: 200,
    minBytes: 1,
    maxBytes: 65_536,
    maxBytesPerPartition: 65_536,
    readCommitted: false,
    resetTo: EARLIEST,
  })
  fetcher.assign([{ topic: TOPIC, partition: 0, offset: 0 }])
  const shown = async (): Promise<(string | undefined)[]> => {
    for (let polls = 0; polls < POLLS_MAX; polls++) {
      const [part] = await simulation.settled(fetcher.poll())
      if (part !== undefined) return part.records.map(({ value }) => value?.toString())
    }
    return []
  }

  await send('before')
  expect(await shown()).toEqual(['before'])

  const before = await described()
  const deposed = before?.leaderId ?? 0
  const replicas = (before?.replicaNodes ?? []).toSorted(
    (one, other) => Number(one === deposed) - Number(other === deposed),
  )
  await simulation.settled(reassign(writer, [{ topic: TOPIC, partition: 0, replicas }]))
  await simulation.pass(HEARD_MS)
  await simulation.settled(elect(writer, [{ topic: TOPIC, partitions: [0] }], false))
  await simulation.pass(HEARD_MS)
  expect((await described())?.leaderId).toBe(replicas[0])

  // It knows that it follows, and then nothing new reaches it any more.
  for (const other of simulation.nodes.filter(({ id }) => id !== deposed)) {
    simulation.links.cut(`node-${deposed}`, `node-${other.id}`)
    simulation.links.cut(`node-${other.id}`, `node-${deposed}`)
  }
  await send('after')
  expect(await shown()).toEqual(['after'])
}, 30_000)
