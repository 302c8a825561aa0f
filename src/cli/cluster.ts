/** `sluice cluster …`: info, brokers, quorum, describe. */
import type { Command } from 'commander'
import { describeBrokers, quorumOf } from '../client/admin-cluster.ts'
import { describeTopics } from '../client/admin-topics.ts'
import type { Cluster } from '../client/cluster.ts'
import { type CliContext, type ClusterFlags, withCluster, withClusterFlags } from './context.ts'
import { printRows, type Row } from './output.ts'

function command(
  parent: Command,
  context: CliContext,
  name: string,
  description: string,
  rowsOf: (cluster: Cluster, flags: ClusterFlags) => Promise<{ rows: Row[]; columns: readonly string[] }>,
): void {
  withClusterFlags(parent.command(name).description(description), context).action((flags: ClusterFlags) =>
    withCluster(context, flags, async (cluster) => {
      const { rows, columns } = await rowsOf(cluster, flags)
      await printRows(context.terminal, flags.output, rows, columns)
    }),
  )
}

async function info(cluster: Cluster, context: CliContext, flags: ClusterFlags) {
  await cluster.refresh([])
  if (flags.output === 'table') await context.terminal.write(`cluster ${cluster.clusterId}\n\n`)
  const rows = cluster.nodes.map((node) => ({
    broker: node.nodeId,
    host: node.host,
    port: node.port,
    rack: node.rack,
    controller: node.nodeId === cluster.controllerId,
  }))
  return { rows, columns: ['broker', 'host', 'port', 'rack', 'controller'] }
}

async function brokers(cluster: Cluster) {
  const [registered, topics] = [await describeBrokers(cluster), await describeTopics(cluster, null)]
  const partitions = topics.flatMap((topic) => topic.partitions)
  const rows = registered.map((broker) => ({
    broker: broker.brokerId,
    host: broker.host,
    port: broker.port,
    rack: broker.rack,
    fenced: broker.isFenced,
    leads: partitions.filter(({ leaderId }) => leaderId === broker.brokerId).length,
    replicas: partitions.filter(({ replicaNodes }) => replicaNodes.includes(broker.brokerId)).length,
    outOfSync: partitions.filter(
      ({ replicaNodes, isrNodes }) =>
        replicaNodes.includes(broker.brokerId) && !isrNodes.includes(broker.brokerId),
    ).length,
  }))
  return { rows, columns: ['broker', 'host', 'port', 'rack', 'fenced', 'leads', 'replicas', 'outOfSync'] }
}

async function quorum(cluster: Cluster) {
  const { quorum: described, nodes } = await quorumOf(cluster)
  const rowOf = (role: string) => (replica: (typeof described.currentVoters)[number]) => {
    const endpoint = nodes.find(({ nodeId }) => nodeId === replica.replicaId)?.listeners[0]
    return {
      node: replica.replicaId,
      role: replica.replicaId === described.leaderId ? 'leader' : role,
      endpoint: endpoint === undefined ? null : `${endpoint.host}:${endpoint.port}`,
      directory: replica.replicaDirectoryId,
      logEndOffset: Number(replica.logEndOffset),
      lag: Math.max(0, Number(described.highWatermark - replica.logEndOffset)),
    }
  }
  const rows = [...described.currentVoters.map(rowOf('voter')), ...described.observers.map(rowOf('observer'))]
  return { rows, columns: ['node', 'role', 'endpoint', 'directory', 'logEndOffset', 'lag'] }
}

/** What an operator looks at first: is anything not as it should be? */
async function health(cluster: Cluster) {
  const [registered, topics] = [await describeBrokers(cluster), await describeTopics(cluster, null)]
  const { quorum: described } = await quorumOf(cluster)
  const partitions = topics.flatMap((topic) => topic.partitions)
  const rows = [
    { what: 'cluster', value: cluster.clusterId },
    { what: 'controller', value: described.leaderId },
    { what: 'controller epoch', value: described.leaderEpoch },
    { what: 'brokers', value: registered.length },
    { what: 'brokers fenced', value: registered.filter(({ isFenced }) => isFenced).length },
    { what: 'topics', value: topics.length },
    { what: 'partitions', value: partitions.length },
    { what: 'partitions without a leader', value: partitions.filter(({ leaderId }) => leaderId < 0).length },
    {
      what: 'partitions with replicas out of sync',
      value: partitions.filter(({ replicaNodes, isrNodes }) => isrNodes.length < replicaNodes.length).length,
    },
    {
      what: 'partitions not led by the preferred leader',
      value: partitions.filter(({ leaderId, replicaNodes }) => leaderId >= 0 && leaderId !== replicaNodes[0])
        .length,
    },
  ]
  return { rows, columns: ['what', 'value'] }
}

export function addClusterCommands(program: Command, context: CliContext): void {
  const parent = program.command('cluster').description('the cluster itself')
  command(parent, context, 'info', 'id, controller and brokers', (cluster, flags) =>
    info(cluster, context, flags),
  )
  command(parent, context, 'brokers', 'every registered broker and what it holds', brokers)
  command(parent, context, 'quorum', 'voters and observers of the metadata quorum', quorum)
  command(parent, context, 'describe', 'whether everything is as it should be', health)
}
