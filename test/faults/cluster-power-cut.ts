/**
 * Cuts the power of three brokers at the same moment, again and again, and checks what came back with their disks.
 *
 *   node test/faults/cluster-power-cut.ts --rounds 20 [--relaxed]     (root, Linux: three ext4 on loop devices)
 *
 * Each node has a disk of its own. Under the load of the ledger, replicated three times, all disks stop at once, all
 * processes are killed, the disks are mounted again and the nodes started. Nothing that was acknowledged may be lost,
 * doubled, reordered or undone. `--relaxed` has the brokers acknowledge before a sync, as Kafka does: then records are lost,
 * which shows that this script would see it.
 */
import { join } from 'node:path'
import { BrokerCluster } from '../cluster/broker-cluster.ts'
import { ClusterLedger, LEDGER_PARTITIONS, LEDGER_TOPIC } from './cluster-ledger.ts'
import { agreed, compareReplicas, healed } from './healed-cluster.ts'
import { LoopDisk, whyNoDisks } from './loop-disk.ts'
import { conclude, isProgram, numberArgument, pause } from './script.ts'

const NODE_IDS = [1, 2, 3] as const
const DISK_MIB = 2_048
const SETTINGS = { 'log.segment.bytes': '1048576', 'offsets.topic.num.partitions': '4' }
const RELAXED = { 'log.flush.interval.messages': '1000000000' }
const LOAD_MS = [300, 1_500] as const

export interface ClusterPowerCutReport {
  readonly rounds: number
  readonly summary: string
  readonly violations: readonly string[]
}

function between(least: number, most: number): number {
  return least + Math.random() * (most - least)
}

/** All lights go out, and come on again. */
async function blackout(cluster: BrokerCluster, disks: readonly LoopDisk[]): Promise<void> {
  const [first, ...others] = disks
  first?.cutPower(Math.random() < 0.75 ? 'drop' : 'keep', others)
  // Sometimes the brokers have time to notice, and to answer somebody wrongly.
  if (Math.random() < 0.5) await pause(between(0, 300))
  await Promise.all(cluster.runningNodes.map((node) => cluster.kill(node)))
  for (const disk of disks) {
    disk.unmount()
    disk.mount()
  }
  await Promise.all(NODE_IDS.map((node) => cluster.startNode(node)))
}

/** Runs the rounds on disks of its own, which are removed afterwards. */
export async function runClusterPowerCuts(
  options: { readonly rounds: number; readonly relaxed: boolean },
  tell: (line: string) => void = () => {},
): Promise<ClusterPowerCutReport> {
  const disks: LoopDisk[] = []
  const violations: string[] = []
  let cluster: BrokerCluster | null = null
  try {
    for (const _ of NODE_IDS) disks.push(new LoopDisk(DISK_MIB))
    cluster = await BrokerCluster.start({
      places: disks.map((disk) => ({ dataDirectory: join(disk.mountPoint, 'data') })),
      settings: options.relaxed ? { ...SETTINGS, ...RELAXED } : SETTINGS,
    })
    const running = cluster
    const ledger = await ClusterLedger.open(cluster.bootstrap, NODE_IDS.length)
    let round = 0
    while (round < options.rounds && violations.length === 0) {
      round++
      await pause(between(...LOAD_MS))
      await blackout(cluster, disks)
      await healed(cluster)
      await ledger.compare(violations, () => agreed(running))
      tell(`round ${round}: ${ledger.summary()}; ${violations.length} violations`)
      ledger.resume()
    }
    if (violations.length === 0) {
      await ledger.close(violations)
      await agreed(cluster)
      compareReplicas(cluster, new Map([[LEDGER_TOPIC, LEDGER_PARTITIONS]]), violations)
    }
    return { rounds: round, summary: ledger.summary(), violations }
  } catch (error) {
    for (const node of cluster?.runningNodes ?? [])
      tell(`node ${node}: ${cluster?.node(node).errors().split('\n').slice(-12).join('\n')}`)
    throw error
  } finally {
    await cluster?.close()
    for (const disk of disks) disk.remove()
  }
}

if (isProgram(import.meta.url)) {
  const problem = whyNoDisks()
  if (problem !== null) {
    console.log(`power cuts cannot be tried here: ${problem}`)
    process.exit(2)
  }
  const options = { rounds: numberArgument('rounds', 20), relaxed: process.argv.includes('--relaxed') }
  const report = await runClusterPowerCuts(options, (line) => console.log(line))
  console.log(`${report.rounds} power cuts of all three nodes at once; ${report.summary}`)
  conclude(
    report.violations,
    'nothing acknowledged was lost, doubled, reordered or undone, and replicas are equal',
  )
}
