/**
 * Reads a partition from an offset to its present end, once, for those who judge what it holds.
 */
import type { Cluster } from '../../src/client/cluster.ts'
import { Consumer } from '../../src/client/consumer.ts'
import { LATEST, lookUpOffset } from '../../src/client/fetcher.ts'

/** Hands over every value in order; the answer is the end offset. */
export async function readPartition(
  cluster: Cluster,
  topic: string,
  partition: number,
  from: number,
  take: (value: Buffer | null) => void,
): Promise<number> {
  const end = await lookUpOffset(cluster, topic, partition, LATEST)
  if (end <= from) return end
  await new Consumer(cluster).readFrom([{ topic, partition, offset: from }], async (fetched) => {
    for (const record of fetched.records) if (record.offset < end) take(record.value)
    return (fetched.records.at(-1)?.offset ?? -1) + 1 < end
  })
  return end
}
