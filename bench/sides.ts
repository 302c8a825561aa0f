/**
 * Where a load runs: on a broker or a skeleton of its own, so that no run inherits another's files or heap, or on
 * another broker that runs already, in a topic of its own.
 */
import { freePort } from '../test/cluster/free-port.ts'
import { batch, createTopicsFrame, deleteTopicFrame, produceErrorCode, produceFrame } from './frames.ts'
import { type Measurable, type Server, startBroker, startSkeleton } from './servers.ts'
import { ask } from './wire.ts'

type Configs = Readonly<Record<string, string>>
type Use<Result> = (server: Measurable, topic: string) => Promise<Result>

/** Topic configs with Kafka's own promise: acknowledged means handed to the operating system. */
export const unflushed: Configs = { 'flush.messages': '9223372036854775807' }

/** Topic configs with which Kafka, too, has what it acknowledges on disk. */
export const flushingEach: Configs = { 'flush.messages': '1' }

const BATCHES_PREPARED = 32
const prepared = (topic: string): Buffer => produceFrame(topic, 0, 1, batch(16 * 1024, Date.now()))

/** Makes the topic, waits until it takes records, and leaves enough in it to be fetched from. */
async function prepare(
  server: Measurable,
  topic: string,
  configs: Configs,
  replicas?: readonly number[],
): Promise<void> {
  const placed = replicas === undefined ? {} : { replicas }
  await ask(server.port, createTopicsFrame([{ name: topic, partitions: 1, configs, ...placed }]))
  for (let written = 0; written < BATCHES_PREPARED; )
    if (produceErrorCode(await ask(server.port, prepared(topic))) === 0) written++
}

export async function onBroker<Result>(configs: Configs, use: Use<Result>): Promise<Result> {
  const server = await startBroker()
  try {
    await prepare(server, 'bench', configs)
    return await use(server, 'bench')
  } finally {
    await server.close()
  }
}

export async function onSkeleton<Result>(use: Use<Result>): Promise<Result> {
  const server = await startSkeleton()
  try {
    for (let written = 0; written < BATCHES_PREPARED; written++) await ask(server.port, prepared('bench'))
    return await use(server, 'bench')
  } finally {
    await server.close()
  }
}

export async function onOther<Result>(
  other: Measurable,
  configs: Configs,
  use: Use<Result>,
): Promise<Result> {
  const topic = `bench-${process.hrtime.bigint()}`
  await prepare(other, topic, configs)
  try {
    return await use(other, topic)
  } finally {
    await ask(other.port, deleteTopicFrame(topic))
  }
}

const NODES = [1, 2, 3] as const

/** On three brokers that form a cluster, in a topic that the first leads and all hold; CPU is that of all three. */
export async function onCluster<Result>(configs: Configs, use: Use<Result>): Promise<Result> {
  const ports = await Promise.all(NODES.map(freePort))
  const quorum = NODES.map((node, index) => `${node}@127.0.0.1:${ports[index]}`).join(',')
  const options = (node: number): string[] => [
    ...['--listen', '127.0.0.1:0'],
    ...['--node-id', String(node)],
    ...['--quorum', quorum],
  ]
  const servers = await Promise.all(NODES.map((node) => startBroker({}, undefined, options(node))))
  try {
    const [leader] = servers as [Server, ...Server[]]
    await prepare(leader, 'bench', configs, NODES)
    const all: Measurable = {
      port: leader.port,
      cpuSeconds: () => servers.reduce((sum, server) => sum + server.cpuSeconds(), 0),
    }
    return await use(all, 'bench')
  } finally {
    await Promise.all(servers.map((server) => server.close()))
  }
}
