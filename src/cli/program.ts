/**
 * The command line: every command and its options, and how failures end.
 *
 * A command answers on standard output, speaks to people on standard error, and ends with an exit code other
 * than 0 whenever it did not do what it was asked.
 */
import { Command } from 'commander'
import type { Terminal } from '../runtime/terminal.ts'
import { addStartCommand, type StartOptions } from './start.ts'

export type StartBroker = (options: StartOptions) => Promise<void>

/** Reads the terminal's arguments and runs what they ask for. */
export async function runProgram(terminal: Terminal, startBroker: StartBroker): Promise<void> {
  const program = new Command('sluice')
    .description("a log broker that speaks Kafka's protocol")
    .showHelpAfterError('(sluice --help tells more)')
    .configureOutput({
      writeOut: (text) => void terminal.write(text),
      writeErr: (text) => terminal.writeError(text),
    })
  addStartCommand(program, startBroker)
  await program.parseAsync([...terminal.arguments], { from: 'user' })
}
