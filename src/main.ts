/**
 * The program: opens the command line, and the broker only when `start` asks for it.
 *
 * The one place that knows both rooms and the real machine. Nothing is loaded before it is needed, so that a
 * command answers quickly and a broker carries no command line.
 */
import { runProgram } from './cli/program.ts'
import { createNodeTerminal } from './runtime/node/terminal.ts'

const terminal = createNodeTerminal()

await runProgram(terminal, async (options) => {
  const { startBrokerProcess } = await import('./broker-process.ts')
  await startBrokerProcess(terminal, options)
})
