/**
 * Carries out a plan of moves for a person: shows it, and with `--execute` begins it, throttled where asked, and tells how
 * far it is until it is done.
 */
import { type Command, InvalidArgumentError } from 'commander'
import { reassign, unfinished } from '../client/admin-cluster.ts'
import { type ConfigChange, changeConfigs } from '../client/admin-configs.ts'
import type { Cluster } from '../client/cluster.ts'
import type { PartitionMove } from '../client/reassignment-plan.ts'
import type { CliContext, ClusterFlags } from './context.ts'
import { printRows } from './output.ts'

export interface MoveFlags {
  readonly execute?: boolean
  readonly wait?: boolean
  readonly throttle?: number
}

const LOOK_MS = 500
const RATES = ['leader.replication.throttled.rate', 'follower.replication.throttled.rate']
const REPLICAS = ['leader.replication.throttled.replicas', 'follower.replication.throttled.replicas']

function rate(text: string): number {
  const match = /^(\d+)([KMG]?)$/i.exec(text)
  const factor = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 }[match?.[2]?.toUpperCase() ?? '']
  if (match === null || factor === undefined)
    throw new InvalidArgumentError('write bytes a second, such as 50M.')
  return Number(match[1]) * factor
}

export function withMoveFlags(command: Command): Command {
  return command
    .option('--execute', 'do it; without this the plan is only shown')
    .option('--no-wait', 'do not wait until the moves are done')
    .option('--throttle <rate>', 'bytes a second that each broker may spend on them, such as 50M', rate)
}

export async function carryOutMoves(
  cluster: Cluster,
  context: CliContext,
  flags: ClusterFlags & MoveFlags,
  moves: readonly PartitionMove[],
): Promise<void> {
  const rows = moves.map((move) => ({
    topic: move.topic,
    partition: move.partition,
    before: move.replicas.join(','),
    after: move.target.join(','),
  }))
  await printRows(context.terminal, flags.output, rows, ['topic', 'partition', 'before', 'after'])
  if (moves.length === 0 || flags.execute !== true) {
    if (moves.length > 0) context.terminal.writeError('this is the plan; --execute carries it out\n')
    return
  }
  if (flags.throttle !== undefined) await setThrottle(cluster, moves, flags.throttle)
  await reassign(
    cluster,
    moves.map(({ topic, partition, target }) => ({ topic, partition, replicas: target })),
    true,
  )
  if (flags.wait === false) return
  await untilDone(cluster, context, moves)
  if (flags.throttle !== undefined) await setThrottle(cluster, moves, null)
}

async function untilDone(
  cluster: Cluster,
  context: CliContext,
  moves: readonly PartitionMove[],
): Promise<void> {
  const { terminal } = context
  for (;;) {
    const left = await cluster.retrying(() => unfinished(cluster, moves))
    if (terminal.errorIsTerminal)
      terminal.writeError(`\r${moves.length - left.length} of ${moves.length} moved`)
    if (left.length === 0) break
    await cluster.pause(LOOK_MS)
  }
  terminal.writeError(`${terminal.errorIsTerminal ? '\r' : ''}${moves.length} partitions moved\n`)
}

/** Throttles the brokers and replicas that the moves concern, or with null nobody any more. */
async function setThrottle(
  cluster: Cluster,
  moves: readonly PartitionMove[],
  bytesPerSecond: number | null,
): Promise<void> {
  const change = (name: string, value: string): ConfigChange =>
    bytesPerSecond === null ? { kind: 'delete', name } : { kind: 'set', name, value }
  const rates = RATES.map((name) => change(name, String(bytesPerSecond)))
  for (const broker of new Set(moves.flatMap(({ replicas, target }) => [...replicas, ...target])))
    await changeConfigs(cluster, 'broker', String(broker), rates)
  for (const topic of new Set(moves.map((move) => move.topic)))
    await changeConfigs(
      cluster,
      'topic',
      topic,
      REPLICAS.map((name) => change(name, '*')),
    )
}
