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
  /** Several nodes on this machine instead of this one; null: this process is the node. */
  readonly local: LocalNodes | null
}

export interface LocalNodes {
  readonly nodes: number
  readonly host: string
  readonly firstPort: number
  readonly dataDirectory: string
  /** Options that every node gets. */
  readonly options: readonly string[]
}

interface Flags {
  readonly nodeId?: string
  readonly listen?: string[]
  readonly advertise?: string[]
  readonly dataDir?: string[]
  readonly config?: string
  readonly quorum?: string
  readonly nodes?: number
  readonly roles?: string
  readonly rack?: string
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
  if (flags.quorum !== undefined) overrides.push(['controller.quorum.voters', flags.quorum])
  if (flags.roles !== undefined) overrides.push(['process.roles', flags.roles])
  if (flags.rack !== undefined) overrides.push(['broker.rack', flags.rack])
  return [...overrides, ...(flags.set ?? [])]
}

const LOCAL_NODES_MAX = 9
const DEFAULT_LISTEN = '127.0.0.1:9092'
const DEFAULT_DATA_DIRECTORY = './data'

/** A machine's worth of nodes. */
function nodeCount(text: string): number {
  const nodes = Number(text)
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > LOCAL_NODES_MAX)
    throw new InvalidArgumentError(`write a number from 1 to ${LOCAL_NODES_MAX}.`)
  return nodes
}

/** What `--nodes` asks for; a setting that only one node can have is refused. */
function localOf(flags: Flags): LocalNodes | null {
  if (flags.nodes === undefined || flags.nodes === 1) return null
  for (const name of ['nodeId', 'quorum', 'roles', 'rack', 'advertise'] as const) {
    if (flags[name] !== undefined)
      throw new Error('--nodes runs whole nodes of its own; leave out what one node is told')
  }
  const listen = flags.listen ?? [DEFAULT_LISTEN]
  const [, host = '', port = ''] = /^(.+):(\d+)$/.exec(listen[0] ?? '') ?? []
  const directories = flags.dataDir ?? [DEFAULT_DATA_DIRECTORY]
  if (listen.length > 1 || directories.length > 1 || host.includes('/') || Number(port) === 0)
    throw new Error('--nodes wants one --listen HOST:PORT, the first of its ports, and one --data-dir')
  const settings = (flags.set ?? []).flatMap(([key, value]) => ['--set', `${key}=${value}`])
  return {
    nodes: flags.nodes,
    host,
    firstPort: Number(port),
    dataDirectory: directories[0] ?? DEFAULT_DATA_DIRECTORY,
    options: [...(flags.config === undefined ? [] : ['--config', flags.config]), ...settings],
  }
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
    .option(
      '--quorum <voters>',
      '1@HOST:PORT,2@HOST:PORT,…: the voters of the cluster, the same on every node',
    )
    .option('--roles <roles>', 'broker, controller or both (process.roles)')
    .option('--rack <rack>', 'where this node stands (broker.rack)')
    .option('--nodes <n>', 'run a cluster of n nodes on this machine, on ports from --listen on', nodeCount)
    .option('--config <file>', "a properties file with Kafka's setting names")
    .option(
      '--set <key=value>',
      'one setting, repeatable; wins over the file and the environment',
      gatherSetting,
    )
    .action((flags: Flags) =>
      start({ configFile: flags.config ?? null, overrides: overridesOf(flags), local: localOf(flags) }),
    )
}
