/**
 * `sluice node …`: a node joins the quorum, gives up what it holds, leaves for good.
 *
 * `drain` cordons a broker, so that nothing new comes to it, and moves every replica away; `remove` takes a drained node
 * out of the quorum and makes the cluster forget it, its cordon too.
 */
import type { Command } from 'commander'
import {
  addVoter,
  describeBrokers,
  isCordoned,
  quorumOf,
  removeVoter,
  unregister,
} from '../client/admin-cluster.ts'
import { type ConfigChange, changeConfigs } from '../client/admin-configs.ts'
import { describeTopics } from '../client/admin-topics.ts'
import type { Cluster } from '../client/cluster.ts'
import { type PartitionMove, planMoves } from '../client/reassignment-plan.ts'
import { type CliContext, type ClusterFlags, wholeNumber, withCluster, withClusterFlags } from './context.ts'
import { carryOutMoves, type MoveFlags, withMoveFlags } from './moves.ts'

const LOOK_MS = 50
const ADDRESS = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/

function addAdd(parent: Command, context: CliContext): void {
  withClusterFlags(
    parent
      .command('add <id> <host:port>')
      .description('make a node that runs with this cluster a voter of its quorum, reached at that address'),
    context,
  ).action((id: string, address: string, flags: ClusterFlags) =>
    withCluster(context, flags, async (cluster) => {
      const node = wholeNumber(id)
      const match = ADDRESS.exec(address)
      if (match === null) throw new Error(`"${address}" is not HOST:PORT`)
      const { quorum } = await quorumOf(cluster)
      const observer = quorum.observers.find(({ replicaId }) => replicaId === node)
      if (observer === undefined)
        throw new Error(
          `node ${node} does not follow the quorum; start it with this cluster's --quorum first`,
        )
      const [, six, four, port] = match
      await addVoter(cluster, {
        id: node,
        directoryId: observer.replicaDirectoryId,
        host: six ?? four ?? '',
        port: Number(port),
      })
      await context.terminal.write(`node ${node} votes\n`)
    }),
  )
}

async function drainPlan(cluster: Cluster, node: number): Promise<PartitionMove[]> {
  const topics = await describeTopics(cluster, null)
  const placed = topics.flatMap((topic) =>
    topic.partitions.map(({ partitionIndex, replicaNodes }) => ({
      topic: topic.name ?? '',
      partition: partitionIndex,
      replicas: replicaNodes,
    })),
  )
  const held = new Map<number, number>()
  for (const { replicas } of placed)
    for (const broker of replicas) held.set(broker, (held.get(broker) ?? 0) + 1)
  const others: number[] = []
  for (const { brokerId, isFenced } of await describeBrokers(cluster))
    if (brokerId !== node && !isFenced && !(await isCordoned(cluster, brokerId))) others.push(brokerId)
  return planMoves(
    placed.filter(({ replicas }) => replicas.includes(node)),
    others,
    held,
  ).map((move) => ({
    ...move,
    // Only the node's own place is given to another, wherever the others are.
    target: move.replicas.map((broker, index) => (broker === node ? (move.target[index] ?? broker) : broker)),
  }))
}

function addDrain(parent: Command, context: CliContext): void {
  withMoveFlags(
    withClusterFlags(
      parent
        .command('drain <id>')
        .description(
          'let nothing new come to a broker and move every replica away from it; --execute does it',
        ),
      context,
    ),
  )
    .option('--undo', 'let new replicas come to it again; what has moved away stays away')
    .action((id: string, flags: ClusterFlags & MoveFlags & { readonly undo?: boolean }) =>
      withCluster(context, flags, async (cluster) => {
        const node = wholeNumber(id)
        if (flags.undo === true) {
          await cordon(cluster, node, false)
          await context.terminal.write(`new replicas may come to broker ${node} again\n`)
          return
        }
        if (flags.execute === true) await cordon(cluster, node, true)
        await carryOutMoves(cluster, context, flags, await drainPlan(cluster, node))
      }),
    )
}

/** Resolves when the controller knows; a broker that is away gets nothing new as it is. */
async function cordon(cluster: Cluster, node: number, wanted: boolean): Promise<void> {
  const broker = (await describeBrokers(cluster)).find(({ brokerId }) => brokerId === node)
  if (broker === undefined) throw new Error(`there is no broker ${node}`)
  if (broker.isFenced) return
  const name = 'cordoned.log.dirs'
  const change: ConfigChange = wanted ? { kind: 'set', name, value: '*' } : { kind: 'delete', name }
  await changeConfigs(cluster, 'broker', String(node), [change])
  while ((await isCordoned(cluster, node)) !== wanted) await cluster.pause(LOOK_MS)
}

function addRemove(parent: Command, context: CliContext): void {
  withClusterFlags(
    parent
      .command('remove <id>')
      .description('take a drained node out of the quorum and forget it; stop it first'),
    context,
  ).action((id: string, flags: ClusterFlags) =>
    withCluster(context, flags, async (cluster) => {
      const node = wholeNumber(id)
      const topics = await describeTopics(cluster, null)
      if (topics.some(({ partitions }) => partitions.some(({ replicaNodes }) => replicaNodes.includes(node))))
        throw new Error(
          `broker ${node} still holds replicas; sluice node drain ${node} --execute moves them away`,
        )
      const { quorum } = await quorumOf(cluster)
      const voter = quorum.currentVoters.find(({ replicaId }) => replicaId === node)
      if (voter !== undefined) await removeVoter(cluster, node, voter.replicaDirectoryId)
      const registered = (await describeBrokers(cluster)).find(({ brokerId }) => brokerId === node)
      if (registered !== undefined) await unregister(cluster, node)
      await context.terminal.write(`node ${node} is not part of the cluster any more\n`)
    }),
  )
}

export function addNodeCommands(program: Command, context: CliContext): void {
  const parent = program.command('node').description('nodes that join and leave')
  addAdd(parent, context)
  addDrain(parent, context)
  addRemove(parent, context)
}
