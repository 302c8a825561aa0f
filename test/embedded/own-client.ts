/** Our own client against a cluster inside the test; and one connection, for requests of a certain version. */
import { Cluster } from '../../src/client/cluster.ts'
import { BrokerConnection } from '../../src/client/connection.ts'
import { createNodeClock } from '../../src/runtime/node/clock.ts'
import { nodeNetwork } from '../../src/runtime/node/network.ts'
import { nodeRandom } from '../../src/runtime/node/random.ts'

export function ownClient(bootstrap: readonly string[], retryMs = 15_000): Cluster {
  const world = { clock: createNodeClock({ keepsAlive: true }), network: nodeNetwork, random: nodeRandom }
  return new Cluster(world, { bootstrap, retryMs })
}

export function connectionTo(address: string): Promise<BrokerConnection> {
  const [host = '', port] = address.split(':')
  return BrokerConnection.open(nodeNetwork, createNodeClock({ keepsAlive: true }), host, Number(port), {
    clientId: 'test',
    connectTimeoutMs: 5_000,
    requestTimeoutMs: 10_000,
  })
}

/** Asks until the answer is as wanted. */
export async function until<T>(
  client: Cluster,
  ask: () => Promise<T>,
  isWanted: (answer: T) => boolean,
): Promise<T> {
  for (;;) {
    const answer = await ask()
    if (isWanted(answer)) return answer
    await client.pause(20)
  }
}
