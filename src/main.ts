/**
 * The program: opens the command line, and the broker only when `start` asks for it.
 *
 * The one place that knows both rooms and the real machine. Nothing is loaded before it is needed, so that a
 * command answers quickly and a broker carries no command line.
 */
import { runProgram } from './cli/program.ts'
import { createNodeClock } from './runtime/node/clock.ts'
import { nodeNetwork } from './runtime/node/network.ts'
import { nodeRandom } from './runtime/node/random.ts'
import { createNodeTerminal } from './runtime/node/terminal.ts'

const terminal = createNodeTerminal()
const world = { clock: createNodeClock({ keepsAlive: true }), network: nodeNetwork, random: nodeRandom }

await runProgram(terminal, world, async (options) => {
  if (options.local !== null) {
    const { runLocalCluster } = await import('./local-cluster.ts')
    const { nodeProcesses } = await import('./runtime/node/processes.ts')
    await runLocalCluster(terminal, nodeProcesses, options.local)
    return
  }
  const { startBrokerProcess } = await import('./broker-process.ts')
  await startBrokerProcess(terminal, options)
})
