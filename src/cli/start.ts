/**
 * `sluice start`: the options, and what each stands for among the broker's settings.
 *
 * It only reads the command line. Starting is what `main` puts in, for this room must not know the broker.
 */
import { type Command, InvalidArgumentError } from 'commander'

export interface StartOptions {
  /** Path of a properties file. */
  readonly configFile: string | null
  /** Settings in the order of precedence: later ones win. */
  readonly overrides: readonly (readonly [string, string])[]
}

interface Flags {
  readonly nodeId?: string
  readonly listen?: string[]
  readonly advertise?: string[]
  readonly dataDir?: string[]
  readonly config?: string
  readonly set?: [string, string][]
}

function gather(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value]
}

function gatherSetting(value: string, before: [string, string][] | undefined): [string, string][] {
  const equals = value.indexOf('=')
  if (equals <= 0) throw new InvalidArgumentError('write key=value.')
  return [...(before ?? []), [value.slice(0, equals).trim(), value.slice(equals + 1).trim()]]
}

/** `HOST:PORT` alone is the PLAINTEXT listener; several of them get names of their own. */
function named(endpoints: readonly string[]): string {
  return endpoints
    .map((endpoint) => (endpoint.includes('://') ? endpoint : `PLAINTEXT://${endpoint}`))
    .join(',')
}

function overridesOf(flags: Flags): [string, string][] {
  const overrides: [string, string][] = []
  if (flags.nodeId !== undefined) overrides.push(['node.id', flags.nodeId])
  if (flags.listen !== undefined) overrides.push(['listeners', named(flags.listen)])
  if (flags.advertise !== undefined) overrides.push(['advertised.listeners', named(flags.advertise)])
  if (flags.dataDir !== undefined) overrides.push(['log.dirs', flags.dataDir.join(',')])
  return [...overrides, ...(flags.set ?? [])]
}

/** Adds `start` to the program. */
export function addStartCommand(program: Command, start: (options: StartOptions) => Promise<void>): void {
  program
    .command('start')
    .description('run a broker in the foreground')
    .option('--node-id <n>', 'id of this node (node.id)')
    .option(
      '--listen <endpoint>',
      '[NAME://]HOST:PORT to listen on, repeatable; port 0 picks a free one',
      gather,
    )
    .option('--advertise <endpoint>', '[NAME://]HOST:PORT that clients are told, repeatable', gather)
    .option('--data-dir <dir>', 'where the data lives (log.dirs), repeatable', gather)
    .option('--config <file>', "a properties file with Kafka's setting names")
    .option(
      '--set <key=value>',
      'one setting, repeatable; wins over the file and the environment',
      gatherSetting,
    )
    .action((flags: Flags) => start({ configFile: flags.config ?? null, overrides: overridesOf(flags) }))
}
