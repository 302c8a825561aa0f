/**
 * `sluice node …`: a node joins the quorum, gives up what it holds, leaves for good.
 *
 * `drain` cordons a broker, so that nothing new comes to it, and moves every replica away; `remove` takes a drained node
 * out of the quorum and makes the cluster forget it, its cordon too.
 */
import type { Command } from 'commander'
import type { Cluster } from '../client/cluster.ts'
import { addNode, cordon, drainPlan, removeNode } from '../client/node-changes.ts'
import { type CliContext, type ClusterFlags, wholeNumber, withCluster, withClusterFlags } from './context.ts'
import { carryOutMoves, type MoveFlags, withMoveFlags } from './moves.ts'

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
      const [, six, four, port] = match
      if (!(await addNode(cluster, { id: node, host: six ?? four ?? '', port: Number(port) })))
        throw new Error(
          `node ${node} does not follow the quorum; start it with this cluster's --quorum first`,
        )
      await context.terminal.write(`node ${node} votes\n`)
    }),
  )
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
          await setCordon(cluster, node, false)
          await context.terminal.write(`new replicas may come to broker ${node} again\n`)
          return
        }
        if (flags.execute === true) await setCordon(cluster, node, true)
        await carryOutMoves(cluster, context, flags, await drainPlan(cluster, node))
      }),
    )
}

async function setCordon(cluster: Cluster, node: number, wanted: boolean): Promise<void> {
  if (!(await cordon(cluster, node, wanted))) throw new Error(`there is no broker ${node}`)
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
      if (!(await removeNode(cluster, node)))
        throw new Error(
          `broker ${node} still holds replicas; sluice node drain ${node} --execute moves them away`,
        )
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
