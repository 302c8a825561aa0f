/**
 * The command line: every command and its options, and how failures end.
 *
 * A command answers on standard output, speaks to people on standard error, and ends with an exit code other
 * than 0 whenever it did not do what it was asked.
 */
import { Command } from 'commander'
import type { ClientWorld } from '../client/cluster.ts'
import type { Terminal } from '../runtime/terminal.ts'
import { addClusterCommands } from './cluster.ts'
import { addConfigCommands } from './config.ts'
import { addConsumeCommand } from './consume.ts'
import { type CliContext, fail } from './context.ts'
import { addGroupCommands } from './group.ts'
import { addLogCommands } from './log-dump.ts'
import { addNodeCommands } from './node.ts'
import { addPartitionCommands } from './partition.ts'
import { addProduceCommand } from './produce.ts'
import { addStartCommand, type StartOptions } from './start.ts'
import { addTopicCommands } from './topic.ts'
import { addWireCommands } from './wire.ts'

export type StartBroker = (options: StartOptions) => Promise<void>

/** Reads the terminal's arguments and runs what they ask for. */
export async function runProgram(
  terminal: Terminal,
  world: ClientWorld,
  startBroker: StartBroker,
): Promise<void> {
  const context: CliContext = { terminal, world }
  const program = new Command('sluice')
    .description("a log broker that speaks Kafka's protocol")
    .showHelpAfterError('(sluice --help tells more)')
    .configureOutput({
      writeOut: (text) => void terminal.write(text),
      writeErr: (text) => terminal.writeError(text),
    })
  addStartCommand(program, startBroker)
  addTopicCommands(program, context)
  addProduceCommand(program, context)
  addConsumeCommand(program, context)
  addGroupCommands(program, context)
  addConfigCommands(program, context)
  addClusterCommands(program, context)
  addPartitionCommands(program, context)
  addNodeCommands(program, context)
  addLogCommands(program, context)
  addWireCommands(program, context)
  try {
    await program.parseAsync([...terminal.arguments], { from: 'user' })
  } catch (error) {
    fail(terminal, error)
  }
}
