/** `sluice partition …`: where replicas lie and who leads: reassign, list-reassignments, cancel, elect-leader. */
import type { Command } from 'commander'
import { elect, movesUnderWay, reassign } from '../client/admin-cluster.ts'
import { describeTopics } from '../client/admin-topics.ts'
import type { Cluster } from '../client/cluster.ts'
import { type PartitionMove, planMoves } from '../client/reassignment-plan.ts'
import { errorName } from '../protocol/errors.ts'
import { type CliContext, type ClusterFlags, wholeNumber, withCluster, withClusterFlags } from './context.ts'
import { carryOutMoves, type MoveFlags, withMoveFlags } from './moves.ts'
import { printRows } from './output.ts'

function numbers(text: string): number[] {
  return text.split(',').map((part) => wholeNumber(part.trim()))
}

interface ReassignFlags extends ClusterFlags, MoveFlags {
  readonly to: number[]
  readonly partitions?: number[]
  readonly exactly?: boolean
}

async function plannedMoves(
  cluster: Cluster,
  topics: readonly string[],
  flags: ReassignFlags,
): Promise<PartitionMove[]> {
  const all = await describeTopics(cluster, null)
  const held = new Map<number, number>()
  for (const { replicaNodes } of all.flatMap((topic) => topic.partitions))
    for (const broker of replicaNodes) held.set(broker, (held.get(broker) ?? 0) + 1)
  const chosen = (await describeTopics(cluster, topics)).flatMap((topic) =>
    topic.partitions
      .filter(({ partitionIndex }) => flags.partitions?.includes(partitionIndex) ?? true)
      .map(({ partitionIndex, replicaNodes }) => ({
        topic: topic.name ?? '',
        partition: partitionIndex,
        replicas: replicaNodes,
      })),
  )
  if (flags.exactly !== true) return planMoves(chosen, flags.to, held)
  return chosen.map((placed) => ({ ...placed, target: flags.to }))
}

function addReassign(parent: Command, context: CliContext): void {
  const described = parent
    .command('reassign <topic...>')
    .description('move replicas to other brokers; shows the plan and moves with --execute')
    .requiredOption('--to <brokers>', 'brokers that shall hold the partitions, with commas', numbers)
    .option('--partitions <numbers>', 'only these partitions', numbers)
    .option('--exactly', 'give every partition exactly these brokers, in this order')
  withMoveFlags(withClusterFlags(described, context)).action((topics: string[], flags: ReassignFlags) =>
    withCluster(context, flags, async (cluster) =>
      carryOutMoves(cluster, context, flags, await plannedMoves(cluster, topics, flags)),
    ),
  )
}

function addList(parent: Command, context: CliContext): void {
  withClusterFlags(parent.command('list-reassignments').description('moves under way'), context).action(
    (flags: ClusterFlags) =>
      withCluster(context, flags, async (cluster) => {
        const rows = (await movesUnderWay(cluster)).flatMap(({ name, partitions }) =>
          partitions.map((one) => ({
            topic: name,
            partition: one.partitionIndex,
            replicas: one.replicas.join(','),
            adding: one.addingReplicas.join(','),
            removing: one.removingReplicas.join(','),
          })),
        )
        await printRows(context.terminal, flags.output, rows, [
          'topic',
          'partition',
          'replicas',
          'adding',
          'removing',
        ])
      }),
  )
}

function addCancel(parent: Command, context: CliContext): void {
  withClusterFlags(
    parent.command('cancel [topic...]').description('take moves back, all of them or those of some topics'),
    context,
  ).action((topics: string[], flags: ClusterFlags) =>
    withCluster(context, flags, async (cluster) => {
      const moves = (await movesUnderWay(cluster))
        .filter(({ name }) => topics.length === 0 || topics.includes(name))
        .flatMap(({ name, partitions }) =>
          partitions.map(({ partitionIndex }) => ({
            topic: name,
            partition: partitionIndex,
            replicas: null,
          })),
        )
      if (moves.length > 0) await reassign(cluster, moves)
      await context.terminal.write(`${moves.length} moves taken back\n`)
    }),
  )
}

interface ElectFlags extends ClusterFlags {
  readonly partitions?: number[]
  readonly unclean?: boolean
}

function addElect(parent: Command, context: CliContext): void {
  withClusterFlags(
    parent
      .command('elect-leader [topic...]')
      .description('give preferred leaders back what they should lead'),
    context,
  )
    .option('--partitions <numbers>', 'only these partitions', numbers)
    .option(
      '--unclean',
      'elect a replica that is not in sync where nobody else can lead: records may be lost',
    )
    .action((topics: string[], flags: ElectFlags) =>
      withCluster(context, flags, async (cluster) => {
        const asked =
          topics.length === 0
            ? null
            : (await describeTopics(cluster, topics)).map(({ name, partitions }) => ({
                topic: name ?? '',
                partitions: flags.partitions ?? partitions.map(({ partitionIndex }) => partitionIndex),
              }))
        const results = await elect(cluster, asked, flags.unclean === true)
        const rows = results.map((result) => ({
          topic: result.topic,
          partition: result.partition,
          result: result.errorCode === 0 ? 'elected' : errorName(result.errorCode),
        }))
        await printRows(context.terminal, flags.output, rows, ['topic', 'partition', 'result'])
        // That an election is not needed is no failure.
        if (
          results.some(({ errorCode }) => errorCode !== 0 && errorName(errorCode) !== 'ELECTION_NOT_NEEDED')
        )
          context.terminal.setExitCode(1)
      }),
    )
}

export function addPartitionCommands(program: Command, context: CliContext): void {
  const parent = program.command('partition').description('where partitions lie and who leads them')
  addReassign(parent, context)
  addList(parent, context)
  addCancel(parent, context)
  addElect(parent, context)
}
