/**
 * What every command that talks to a cluster has in common: where it is, how answers look, how failures end.
 *
 * A failure is one line on standard error that says what to do, and exit code 1; a stack trace only for bugs.
 */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { ClientError } from '../client/client-error.ts'
import { type ClientWorld, Cluster } from '../client/cluster.ts'
import type { Terminal } from '../runtime/terminal.ts'
import type { OutputFormat } from './output.ts'

export interface CliContext {
  readonly terminal: Terminal
  readonly world: ClientWorld
}

export interface ClusterFlags {
  readonly bootstrap: string
  readonly output: OutputFormat
}

const BOOTSTRAP_DEFAULT = 'localhost:9092'
/** A person waits: long enough for a broker that restarts, short enough to see a wrong address. */
const RETRY_MS = 5_000

/** Adds `--bootstrap` and `-o` to a command. */
export function withClusterFlags(command: Command, context: CliContext): Command {
  const preset = context.terminal.environment.SLUICE_BOOTSTRAP ?? BOOTSTRAP_DEFAULT
  return command
    .option('--bootstrap <host:port>', 'a broker of the cluster, or several with commas', preset)
    .addOption(
      new Option('-o, --output <format>', 'how to print')
        .choices(['table', 'json', 'jsonl'])
        .default('table'),
    )
}

export function wholeNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError('write a whole number of 0 or more.')
  return value
}

/** Gathers `key=value` options into a record. */
export function gatherPair(
  text: string,
  before: Readonly<Record<string, string>> | undefined,
): Record<string, string> {
  const equals = text.indexOf('=')
  if (equals <= 0) throw new InvalidArgumentError('write key=value.')
  return { ...before, [text.slice(0, equals)]: text.slice(equals + 1) }
}

export function gatherText(text: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), text]
}

/** Runs work against the cluster and closes it after; failures end as this file says. */
export async function withCluster(
  context: CliContext,
  flags: { readonly bootstrap: string },
  work: (cluster: Cluster) => Promise<void>,
): Promise<void> {
  let cluster: Cluster | null = null
  try {
    cluster = new Cluster(context.world, {
      bootstrap: flags.bootstrap.split(','),
      clientId: 'sluice-cli',
      retryMs: RETRY_MS,
    })
    await work(cluster)
  } catch (error) {
    fail(context.terminal, error)
  } finally {
    await cluster?.close()
  }
}

/** Tells a failure and sets the exit code. */
export function fail(terminal: Terminal, error: unknown): void {
  if (error instanceof ClientError)
    terminal.writeError(
      `sluice: ${error.message}${error.message.includes(error.code) ? '' : ` (${error.code})`}\n`,
    )
  else if (error instanceof Error) terminal.writeError(`sluice: ${error.message}\n`)
  else terminal.writeError(`sluice: ${String(error)}\n`)
  terminal.setExitCode(1)
}
