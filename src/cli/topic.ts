/** `sluice topic …`: list, create, describe, delete, alter, add-partitions, delete-records. */
import type { Command } from 'commander'
import { changeConfigs, readConfigs } from '../client/admin-configs.ts'
import {
  addPartitions,
  createTopic,
  deleteRecordsBefore,
  deleteTopic,
  describePartitions,
  describeTopics,
  type PartitionDescription,
} from '../client/admin-topics.ts'
import type { Cluster } from '../client/cluster.ts'
import { EARLIEST, LATEST, lookUpOffset } from '../client/fetcher.ts'
import {
  type CliContext,
  type ClusterFlags,
  gatherPair,
  gatherText,
  wholeNumber,
  withCluster,
  withClusterFlags,
} from './context.ts'
import { printRows } from './output.ts'

interface CreateFlags extends ClusterFlags {
  readonly partitions?: number
  readonly replicationFactor?: number
  readonly config?: Record<string, string>
  readonly ifNotExists?: boolean
}

interface AlterFlags extends ClusterFlags {
  readonly set?: Record<string, string>
  readonly unset?: string[]
}

const BROKER_DEFAULT = -1

function addList(topic: Command, context: CliContext): void {
  withClusterFlags(topic.command('list').description('the topics of the cluster'), context)
    .option('--internal', 'internal topics too')
    .action((flags: ClusterFlags & { internal?: boolean }) =>
      withCluster(context, flags, async (cluster) => {
        const topics = await describeTopics(cluster, null)
        const rows = topics
          .filter((one) => flags.internal === true || !one.isInternal)
          .map((one) => ({
            topic: one.name,
            partitions: one.partitions.length,
            replicas: one.partitions[0]?.replicaNodes.length ?? 0,
          }))
        await printRows(context.terminal, flags.output, rows, ['topic', 'partitions', 'replicas'])
      }),
    )
}

function addCreate(topic: Command, context: CliContext): void {
  withClusterFlags(topic.command('create <name>').description('create a topic'), context)
    .option(
      '-p, --partitions <n>',
      "number of partitions (default: the broker's num.partitions)",
      wholeNumber,
    )
    .option('-r, --replication-factor <n>', "replicas of each partition (default: the broker's)", wholeNumber)
    .option('-c, --config <key=value>', 'a setting of the topic, repeatable', gatherPair)
    .option('--if-not-exists', 'be content when the topic is there')
    .action((name: string, flags: CreateFlags) =>
      withCluster(context, flags, async (cluster) => {
        try {
          await createTopic(cluster, {
            name,
            partitions: flags.partitions ?? BROKER_DEFAULT,
            replicationFactor: flags.replicationFactor ?? BROKER_DEFAULT,
            configs: flags.config ?? {},
          })
        } catch (error) {
          const exists = error instanceof Error && 'code' in error && error.code === 'TOPIC_ALREADY_EXISTS'
          if (!(exists && flags.ifNotExists === true)) throw error
        }
        await context.terminal.write(`topic ${name} is there\n`)
      }),
    )
}

function addDescribe(topic: Command, context: CliContext): void {
  withClusterFlags(
    topic.command('describe <name>').description('partitions, offsets and settings of a topic'),
    context,
  ).action((name: string, flags: ClusterFlags) =>
    withCluster(context, flags, async (cluster) => {
      const [described] = await describeTopics(cluster, [name])
      const rows = await Promise.all(
        (await describePartitions(cluster, name)).map(async (partition) => ({
          partition: partition.partitionIndex,
          leader: partition.leaderId,
          leaderEpoch: partition.leaderEpoch,
          replicas: partition.replicaNodes.join(','),
          isr: partition.isrNodes.join(','),
          elr: (partition.eligibleLeaderReplicas ?? []).join(','),
          lastKnownElr: (partition.lastKnownElr ?? []).join(','),
          startOffset: await offsetOf(cluster, name, partition, EARLIEST),
          endOffset: await offsetOf(cluster, name, partition, LATEST),
        })),
      )
      const columns = [
        'partition',
        'leader',
        'leaderEpoch',
        'replicas',
        'isr',
        'elr',
        'lastKnownElr',
        'startOffset',
        'endOffset',
      ]
      if (flags.output !== 'table') {
        await printRows(context.terminal, flags.output, rows, columns)
        return
      }
      const configs = (await readConfigs(cluster, 'topic', name)).filter(
        (config) => config.source !== 'default',
      )
      await context.terminal.write(`topic ${name}  id ${described?.topicId}\n\n`)
      await printRows(context.terminal, 'table', rows, columns)
      for (const config of configs)
        await context.terminal.write(`\n${config.name}=${config.value}  (${config.source})`)
      if (configs.length > 0) await context.terminal.write('\n')
    }),
  )
}

/** Null where nobody leads: only a leader knows. */
function offsetOf(
  cluster: Cluster,
  topic: string,
  { partitionIndex, leaderId }: PartitionDescription,
  timestamp: bigint,
): Promise<number> | null {
  return leaderId < 0 ? null : lookUpOffset(cluster, topic, partitionIndex, timestamp)
}

function addDelete(topic: Command, context: CliContext): void {
  withClusterFlags(
    topic.command('delete <name...>').description('delete topics with all their records'),
    context,
  ).action((names: string[], flags: ClusterFlags) =>
    withCluster(context, flags, async (cluster) => {
      for (const name of names) {
        await deleteTopic(cluster, name)
        await context.terminal.write(`topic ${name} is deleted\n`)
      }
    }),
  )
}

function addAlter(topic: Command, context: CliContext): void {
  withClusterFlags(topic.command('alter <name>').description('change settings of a topic'), context)
    .option('--set <key=value>', 'set a setting, repeatable', gatherPair)
    .option('--unset <key>', 'go back to the default, repeatable', gatherText)
    .action((name: string, flags: AlterFlags) =>
      withCluster(context, flags, async (cluster) => {
        const sets = Object.entries(flags.set ?? {}).map(([key, value]) => ({
          kind: 'set' as const,
          name: key,
          value,
        }))
        const unsets = (flags.unset ?? []).map((key) => ({ kind: 'delete' as const, name: key }))
        if (sets.length + unsets.length === 0)
          throw new Error('nothing to change; write --set key=value or --unset key')
        await changeConfigs(cluster, 'topic', name, [...sets, ...unsets])
        await context.terminal.write(`topic ${name} is changed\n`)
      }),
    )
}

function addGrow(topic: Command, context: CliContext): void {
  withClusterFlags(
    topic.command('add-partitions <name> <count>').description('grow a topic to that many partitions in all'),
    context,
  ).action((name: string, count: string, flags: ClusterFlags) =>
    withCluster(context, flags, async (cluster) => {
      await addPartitions(cluster, name, wholeNumber(count))
      await context.terminal.write(`topic ${name} has ${count} partitions\n`)
    }),
  )
  withClusterFlags(
    topic
      .command('delete-records <name> <partition> <offset>')
      .description('remove records before an offset'),
    context,
  ).action((name: string, partition: string, offset: string, flags: ClusterFlags) =>
    withCluster(context, flags, async (cluster) => {
      const start = await deleteRecordsBefore(cluster, name, wholeNumber(partition), wholeNumber(offset))
      await context.terminal.write(`${name}-${partition} begins at offset ${start}\n`)
    }),
  )
}

export function addTopicCommands(program: Command, context: CliContext): void {
  const topic = program.command('topic').description('administer topics')
  addList(topic, context)
  addCreate(topic, context)
  addDescribe(topic, context)
  addDelete(topic, context)
  addAlter(topic, context)
  addGrow(topic, context)
}
