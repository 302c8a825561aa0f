/** Makes the topics of a test cluster and puts its first records there, as any client would. */
import { createTopic } from '../client/admin-topics.ts'
import type { Cluster } from '../client/cluster.ts'
import { type OutgoingRecord, Producer } from '../client/producer.ts'
import { type InitialRecord, replicaCount, spelled, type TestClusterOptions } from './cluster-options.ts'

export function hasInitialData({ topics = [], records = {} }: TestClusterOptions): boolean {
  return topics.length > 0 || Object.keys(records).length > 0
}

/** Resolves when every broker serves the topics, and every record is committed. */
export async function makeInitialData(client: Cluster, options: TestClusterOptions): Promise<void> {
  for (const topic of options.topics ?? []) {
    const {
      name,
      partitions = 1,
      replicationFactor = replicaCount(options),
      configs = {},
    } = typeof topic === 'string' ? { name: topic } : topic
    await createTopic(client, { name, partitions, replicationFactor, configs: spelled(configs) })
  }
  const producer = new Producer(client)
  for (const [topic, records] of Object.entries(options.records ?? {}))
    if (records.length > 0) await producer.send(topic, records.map(outgoing))
}

function outgoing(record: string | InitialRecord): OutgoingRecord {
  if (typeof record === 'string') return { value: Buffer.from(record) }
  const { key = null, value, headers = {}, partition, timestampMs } = record
  return {
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: Object.entries(headers).map(([name, text]) => ({ key: name, value: Buffer.from(text) })),
    ...(partition === undefined ? {} : { partition }),
    ...(timestampMs === undefined ? {} : { timestampMs }),
  }
}
