/** What has rotted on the disk of a leader is never served: it steps down, fetches the range again, and is whole in the end. */
import { expect, it } from 'vitest'
import { elect } from '../../src/client/admin-cluster.ts'
import { createTopic, describePartitions } from '../../src/client/admin-topics.ts'
import { ClientError } from '../../src/client/client-error.ts'
import type { Cluster } from '../../src/client/cluster.ts'
import { EARLIEST, Fetcher } from '../../src/client/fetcher.ts'
import { Producer } from '../../src/client/producer.ts'
import { promiseTurn } from '../../src/runtime/node/promise-turn.ts'
import { provenSegments } from '../../src/simulation/nemesis/proven-segments.ts'
import type { SimulatedNode } from '../../src/simulation/simulated-node.ts'
import { Simulation } from '../../src/simulation/simulation.ts'

const TOPIC = 'orders'
const RECORDS = 40

async function until(simulation: Simulation, what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    try {
      if (await holds()) return
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
    }
    await new Promise<void>((resolve) => simulation.clientClock().schedule(100, resolve))
  }
  throw new Error(`it never came to this: ${what}`)
}

async function readAll(simulation: Simulation): Promise<string[]> {
  const fetcher = new Fetcher(simulation.client('reader', { requestTimeoutMs: 2_000 }), {
    maxWaitMs: 100,
    minBytes: 1,
    maxBytes: 4_096,
    maxBytesPerPartition: 4_096,
    readCommitted: false,
    resetTo: EARLIEST,
  })
  fetcher.assign([{ topic: TOPIC, partition: 0, offset: 0 }])
  const values: string[] = []
  await until(simulation, 'all is read', async () => {
    for (const { records } of await fetcher.poll())
      values.push(...records.map(({ value }) => value?.toString() ?? ''))
    return values.length >= RECORDS
  })
  return values
}

interface Rotten {
  readonly simulation: Simulation
  readonly admin: Cluster
  readonly sent: readonly string[]
  /** Without power, and a bit of its log is turned. */
  readonly node: SimulatedNode
}

/** Three nodes with a topic of acknowledged records, whose preferred leader has rotted. */
async function rotten(bit: number): Promise<Rotten> {
  const simulation = new Simulation({ seed: 7, nodes: 3, keepsLines: true, hostTurn: promiseTurn })
  await simulation.start()
  const admin = simulation.client('admin')
  const configs = { 'min.insync.replicas': '2' }
  await simulation.settled(createTopic(admin, { name: TOPIC, partitions: 1, replicationFactor: 3, configs }))
  const producer = new Producer(admin, { acks: -1, idempotent: true })
  const sent = Array.from({ length: RECORDS }, (_, index) => `record ${index} ${'.'.repeat(1_000)}`)
  for (const value of sent)
    await simulation.settled(producer.send(TOPIC, [{ partition: 0, value: Buffer.from(value) }]))
  // Until recovery points have moved.
  await simulation.pass(11_000)
  const [partition] = await simulation.settled(describePartitions(admin, TOPIC))
  const node = simulation.node(partition?.replicaNodes[0] ?? 0)
  node.losePower()
  const segment = provenSegments(node.disk).find(({ folder }) => folder === `${TOPIC}-0`)
  expect(segment?.sizeBytes).toBeGreaterThan(40_000)
  node.disk.flipBit(segment?.path ?? '', bit, 5)
  return { simulation, admin, sent, node }
}

const BITS = [3, 20_000, 30_001]

it.each(BITS)(
  'a bit that turned at byte %i',
  async (bit) => {
    const { simulation, admin, sent, node } = await rotten(bit)
    const isWhole = async (leaderId: number | null): Promise<boolean> => {
      const [now] = await describePartitions(admin, TOPIC)
      return now?.isrNodes.length === 3 && (leaderId === null || now.leaderId === leaderId)
    }
    void node.start()
    await simulation.settled(until(simulation, 'all are in sync', () => isWhole(null)))
    // One that was found rotten while it led has given that up; once it is whole it may lead again.
    const leads = async (): Promise<boolean> => {
      await elect(admin, [{ topic: TOPIC, partitions: [0] }], false)
      return await isWhole(node.id)
    }
    await simulation.settled(until(simulation, 'the rotten one leads', leads))
    expect(await simulation.settled(readAll(simulation))).toEqual(sent)
    const { lines } = simulation.transcript
    expect(lines.some((line) => /log is damaged|leadership is given up/.test(line))).toBe(true)
    const other = simulation.nodes.find(({ id }) => id !== node.id)
    const isGood = (): boolean =>
      node.segmentBytes(TOPIC, 0).equals(other?.segmentBytes(TOPIC, 0) ?? Buffer.alloc(0))
    await simulation.settled(until(simulation, 'all is good', async () => (await isWhole(null)) && isGood()))
  },
  60_000,
)

it.each(BITS)(
  'a bit that turned at byte %i of the first node that comes back',
  async (bit) => {
    const { simulation, sent, node } = await rotten(bit)
    const others = simulation.nodes.filter(({ id }) => id !== node.id)
    for (const other of others) other.losePower()
    void node.start()
    void others[0]?.start()
    await simulation.pass(5_000)
    void others[1]?.start()
    expect(await simulation.settled(readAll(simulation))).toEqual(sent)
  },
  60_000,
)
