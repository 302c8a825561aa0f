/**
 * Our own client on the real network, as patient as a test needs it, and what an attempt with it came to.
 */
import { ClientError } from '../../src/client/client-error.ts'
import { Cluster } from '../../src/client/cluster.ts'
import { createNodeClock } from '../../src/runtime/node/clock.ts'
import { nodeNetwork } from '../../src/runtime/node/network.ts'
import { nodeRandom } from '../../src/runtime/node/random.ts'

/** @param retryMs how long retriable failures are retried; 0 shows them all. */
export function connectTo(bootstrap: string, retryMs: number, requestTimeoutMs = 60_000): Cluster {
  const world = { clock: createNodeClock({ keepsAlive: true }), network: nodeNetwork, random: nodeRandom }
  return new Cluster(world, { bootstrap: bootstrap.split(','), retryMs, requestTimeoutMs })
}

/** `OK`, or the code of the failure; what is no answer and no lost connection is thrown. */
export async function outcomeOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt
    return 'OK'
  } catch (error) {
    if (error instanceof ClientError) return error.code
    throw error
  }
}
