/** `sluice log dirs`: the log directories of every broker, what lies in them and how much room is left. */
import type { Command } from 'commander'
import { logDirectories } from '../client/admin-cluster.ts'
import { errorName } from '../protocol/errors.ts'
import type { DescribeLogDirsResponse } from '../protocol/messages/describe-log-dirs.ts'
import { type CliContext, type ClusterFlags, withCluster, withClusterFlags } from './context.ts'
import { printRows, type Row } from './output.ts'

const DIRECTORY_COLUMNS = ['broker', 'directory', 'state', 'partitions', 'sizeBytes', 'freeBytes']

function stateOf({ errorCode, isCordoned }: DescribeLogDirsResponse['results'][number]): string {
  if (errorCode !== 0) return errorName(errorCode)
  return isCordoned ? 'cordoned' : 'online'
}

export function addLogDirsCommand(log: Command, context: CliContext): void {
  withClusterFlags(log.command('dirs').description('what lies where on every broker'), context).action(
    (flags: ClusterFlags) =>
      withCluster(context, flags, async (cluster) => {
        const rows: Row[] = []
        await cluster.refresh([])
        for (const { nodeId } of cluster.nodes)
          for (const directory of await logDirectories(cluster, nodeId))
            rows.push({
              broker: nodeId,
              directory: directory.logDir,
              state: stateOf(directory),
              partitions: directory.topics.reduce((count, { partitions }) => count + partitions.length, 0),
              sizeBytes: directory.topics
                .flatMap(({ partitions }) => partitions)
                .reduce((sum, { partitionSize }) => sum + Number(partitionSize), 0),
              freeBytes: Number(directory.usableBytes),
            })
        await printRows(context.terminal, flags.output, rows, DIRECTORY_COLUMNS)
      }),
  )
}
