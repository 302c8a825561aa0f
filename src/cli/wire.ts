/**
 * `sluice wire decode|encode`: frames and records between bytes and JSON, line by line, for people who debug
 * them. A line that cannot be read is answered with an `error` line, and the next one is read.
 */
import type { Command } from 'commander'
import { type WireMode, wireLine } from '../protocol/wire/line.ts'
import type { CliContext } from './context.ts'
import { linesOf } from './lines.ts'

async function convert(context: CliContext, mode: WireMode): Promise<void> {
  for await (const line of linesOf(context.terminal.readInput())) {
    if (line.length > 0) await context.terminal.write(`${wireLine(mode, line.toString('utf8'))}\n`)
  }
}

export function addWireCommands(program: Command, context: CliContext): void {
  const wire = program.command('wire').description('decode and encode frames of the protocol, as JSON lines')
  wire
    .command('decode')
    .description('{"api","version","kind","hex"} → {"api","version","kind","json"}')
    .action(() => convert(context, 'decode'))
  wire
    .command('encode')
    .description('{"api","version","kind","json"} → {"api","version","kind","hex"}')
    .action(() => convert(context, 'encode'))
}
