/** `sluice group …`: list, describe with lag, move offsets, delete. */
import { type Command, Option } from 'commander'
import { deleteGroup, describeGroup, listAllGroups, moveOffsets } from '../client/admin-groups.ts'
import type { Cluster } from '../client/cluster.ts'
import { EARLIEST, LATEST, lookUpOffset } from '../client/fetcher.ts'
import { type CliContext, type ClusterFlags, wholeNumber, withCluster, withClusterFlags } from './context.ts'
import { printRows } from './output.ts'

interface ResetFlags extends ClusterFlags {
  readonly topic: string
  readonly to: 'earliest' | 'latest' | 'offset' | 'time'
  readonly value?: string
  readonly partition?: number
  readonly dryRun?: boolean
}

async function targetOffset(cluster: Cluster, flags: ResetFlags, partition: number): Promise<number> {
  const earliest = await lookUpOffset(cluster, flags.topic, partition, EARLIEST)
  const latest = await lookUpOffset(cluster, flags.topic, partition, LATEST)
  switch (flags.to) {
    case 'earliest':
      return earliest
    case 'latest':
      return latest
    case 'offset':
      return Math.min(latest, Math.max(earliest, wholeNumber(flags.value ?? '')))
    case 'time': {
      const found = await lookUpOffset(
        cluster,
        flags.topic,
        partition,
        BigInt(Date.parse(flags.value ?? '') || Number(flags.value)),
      )
      return found < 0 ? latest : found
    }
  }
}

async function reset(
  context: CliContext,
  cluster: Cluster,
  groupId: string,
  flags: ResetFlags,
): Promise<void> {
  if ((flags.to === 'offset' || flags.to === 'time') && flags.value === undefined)
    throw new Error(`--to ${flags.to} needs --value`)
  const { partitions } = await cluster.topic(flags.topic)
  const wanted = partitions
    .map((one) => one.partitionIndex)
    .filter((index) => flags.partition === undefined || index === flags.partition)
  const offsets = []
  for (const partition of wanted.sort((a, b) => a - b))
    offsets.push({ topic: flags.topic, partition, offset: await targetOffset(cluster, flags, partition) })
  if (flags.dryRun !== true) await moveOffsets(cluster, groupId, offsets)
  await printRows(context.terminal, flags.output, offsets, ['topic', 'partition', 'offset'])
}

export function addGroupCommands(program: Command, context: CliContext): void {
  const group = program.command('group').description('administer consumer groups')
  withClusterFlags(group.command('list').description('the groups of the cluster'), context).action(
    (flags: ClusterFlags) =>
      withCluster(context, flags, async (cluster) => {
        const rows = (await listAllGroups(cluster)).map(({ groupId, state, protocolType }) => ({
          group: groupId,
          state,
          protocolType,
        }))
        await printRows(context.terminal, flags.output, rows, ['group', 'state', 'protocolType'])
      }),
  )
  withClusterFlags(
    group.command('describe <group>').description('offsets and lag of a group'),
    context,
  ).action((groupId: string, flags: ClusterFlags) =>
    withCluster(context, flags, async (cluster) => {
      const described = await describeGroup(cluster, groupId)
      if (flags.output === 'table')
        await context.terminal.write(
          `group ${groupId}  ${described.state}  members ${described.memberCount}  ${described.protocol}\n\n`,
        )
      const rows = described.offsets.map((offset) => ({ ...offset }))
      await printRows(context.terminal, flags.output, rows, [
        'topic',
        'partition',
        'committedOffset',
        'logEndOffset',
        'lag',
        'memberId',
        'host',
      ])
    }),
  )
  withClusterFlags(
    group.command('reset <group>').description('move the offsets of a group without members'),
    context,
  )
    .requiredOption('-t, --topic <name>', 'the topic')
    .addOption(
      new Option('--to <where>', 'where to')
        .choices(['earliest', 'latest', 'offset', 'time'])
        .makeOptionMandatory(),
    )
    .option('--value <text>', 'the offset, or the time')
    .option('-p, --partition <n>', 'only this partition', wholeNumber)
    .option('--dry-run', 'show what would be committed')
    .action((groupId: string, flags: ResetFlags) =>
      withCluster(context, flags, (cluster) => reset(context, cluster, groupId, flags)),
    )
  withClusterFlags(
    group.command('delete <group...>').description('forget groups with their offsets'),
    context,
  ).action((groupIds: string[], flags: ClusterFlags) =>
    withCluster(context, flags, async (cluster) => {
      for (const groupId of groupIds) {
        await deleteGroup(cluster, groupId)
        await context.terminal.write(`group ${groupId} is deleted\n`)
      }
    }),
  )
}
