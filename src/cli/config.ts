/** `sluice config …` and `sluice cluster info`: settings of topics, brokers and groups; who is there. */
import { type Command, Option } from 'commander'
import { type ConfigChange, changeConfigs, type ResourceKind, readConfigs } from '../client/admin-configs.ts'
import {
  type CliContext,
  type ClusterFlags,
  gatherPair,
  gatherText,
  withCluster,
  withClusterFlags,
} from './context.ts'
import { printRows } from './output.ts'

interface ResourceFlags extends ClusterFlags {
  readonly type: ResourceKind
}

interface AlterFlags extends ResourceFlags {
  readonly set?: Record<string, string>
  readonly append?: Record<string, string>
  readonly subtract?: Record<string, string>
  readonly unset?: string[]
}

function withResource(command: Command): Command {
  return command.addOption(
    new Option('-t, --type <kind>', 'of what').choices(['topic', 'broker', 'group']).default('topic'),
  )
}

function changesOf(flags: AlterFlags): ConfigChange[] {
  const pairs = (kind: 'set' | 'append' | 'subtract'): ConfigChange[] =>
    Object.entries(flags[kind] ?? {}).map(([name, value]) => ({ kind, name, value }))
  return [
    ...pairs('set'),
    ...pairs('append'),
    ...pairs('subtract'),
    ...(flags.unset ?? []).map((name): ConfigChange => ({ kind: 'delete', name })),
  ]
}

export function addConfigCommands(program: Command, context: CliContext): void {
  const config = program.command('config').description('settings of topics, brokers and groups')
  withResource(
    withClusterFlags(
      config.command('describe <name>').description('show settings; a broker goes by its id'),
      context,
    ),
  )
    .option('--all', 'those at their default too')
    .action((name: string, flags: ResourceFlags & { all?: boolean }) =>
      withCluster(context, flags, async (cluster) => {
        const configs = await readConfigs(cluster, flags.type, name)
        const rows = configs
          .filter((one) => flags.all === true || one.source !== 'default')
          .map((one) => ({ ...one }))
        await printRows(context.terminal, flags.output, rows, ['name', 'value', 'source', 'readOnly'])
      }),
    )
  withResource(
    withClusterFlags(
      config.command('alter <name>').description('change settings; "" stands for all brokers'),
      context,
    ),
  )
    .option('--set <key=value>', 'set a setting, repeatable', gatherPair)
    .option('--append <key=value>', 'add to a list, repeatable', gatherPair)
    .option('--subtract <key=value>', 'take from a list, repeatable', gatherPair)
    .option('--unset <key>', 'go back to the default, repeatable', gatherText)
    .action((name: string, flags: AlterFlags) =>
      withCluster(context, flags, async (cluster) => {
        const changes = changesOf(flags)
        if (changes.length === 0) throw new Error('nothing to change; write --set key=value or --unset key')
        await changeConfigs(cluster, flags.type, name, changes)
        await context.terminal.write(`${flags.type} ${name} is changed\n`)
      }),
    )
}
