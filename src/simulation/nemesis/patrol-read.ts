/**
 * Reads a partition from its beginning to its end, through whoever leads it: old records are looked at by nobody else, and
 * what has rotted would never be noticed. What it reads it does not judge.
 */
import { ClientError } from '../../client/client-error.ts'
import type { Cluster } from '../../client/cluster.ts'
import { EARLIEST, Fetcher } from '../../client/fetcher.ts'

const MAX_WAIT_MS = 100
const BYTES_MAX = 64 * 1024
/** Polls that bring nothing, or an error, before it gives up. */
const VAIN_MAX = 3

export async function patrolRead(cluster: Cluster, folder: string): Promise<void> {
  const at = folder.lastIndexOf('-')
  const topic = folder.slice(0, at)
  const partition = Number(folder.slice(at + 1))
  const fetcher = new Fetcher(cluster, {
    maxWaitMs: MAX_WAIT_MS,
    minBytes: 1,
    maxBytes: BYTES_MAX,
    maxBytesPerPartition: BYTES_MAX,
    readCommitted: false,
    resetTo: EARLIEST,
  })
  fetcher.assign([{ topic, partition, offset: 0 }])
  for (let vain = 0; vain < VAIN_MAX; ) {
    const before = fetcher.positions[0]?.offset
    try {
      await fetcher.poll()
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
      await cluster.pause(MAX_WAIT_MS)
    }
    if (fetcher.positions[0]?.offset === before) vain++
  }
}
