/**
 * Cuts the power of the disk under a broker again and again, and checks what came back with it.
 *
 *   node test/faults/power-cut.ts --rounds 50        (root, Linux: an ext4 on a loop device)
 *
 * Load: producers with acks=all, idempotent and not, on several partitions whose segments roll; topics made
 * and deleted; offsets committed; producer ids taken. Each round ends with the disk stopped at a random moment
 * (in every fourth round during the next start too), SIGKILL, a new mount and a new broker. Nothing that was
 * acknowledged may be lost, doubled, reordered or undone.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { type BrokerProcess, startBroker } from '../cluster/broker-process.ts'
import { ClusterLedger } from './cluster-ledger.ts'
import { LoopDisk, whyNoDisks } from './loop-disk.ts'
import { conclude, isProgram, numberArgument, pause } from './script.ts'

const PROGRAM = resolve(import.meta.dirname, '../../bin/sluice.js')
const DISK_MIB = 4_096
const SETTINGS = { 'log.segment.bytes': '1048576', 'offsets.topic.num.partitions': '4' }
const LOAD_MS = [200, 1_200] as const

export interface PowerCutReport {
  readonly rounds: number
  readonly cutsWhileStarting: number
  readonly summary: string
  readonly violations: readonly string[]
}

function between(least: number, most: number): number {
  return least + Math.random() * (most - least)
}

function cut(disk: LoopDisk): void {
  disk.cutPower(Math.random() < 0.75 ? 'drop' : 'keep')
}

/** Cuts the power under a broker that has not finished starting, or just has. */
async function cutWhileStarting(disk: LoopDisk, dataDirectory: string): Promise<void> {
  const child = spawn(
    process.execPath,
    [PROGRAM, 'start', '--listen', '127.0.0.1:0', '--data-dir', dataDirectory],
    {
      stdio: 'ignore',
    },
  )
  const ended = once(child, 'exit')
  await pause(between(50, 900))
  cut(disk)
  await pause(between(0, 100))
  child.kill('SIGKILL')
  await ended
  disk.unmount()
  disk.mount()
}

/** Runs the rounds on a disk of its own, which is removed afterwards. */
export async function runPowerCuts(
  rounds: number,
  tell: (line: string) => void = () => {},
): Promise<PowerCutReport> {
  const disk = new LoopDisk(DISK_MIB)
  const dataDirectory = join(disk.mountPoint, 'data')
  const violations: string[] = []
  let cutsWhileStarting = 0
  let broker: BrokerProcess | null = await startBroker({ dataDirectory, settings: SETTINGS })
  try {
    const { port } = broker
    const ledger = await ClusterLedger.open(broker.bootstrap)
    for (let round = 1; round <= rounds; round++) {
      await pause(between(...LOAD_MS))
      cut(disk)
      // Sometimes the broker has time to notice, and to answer somebody wrongly.
      if (Math.random() < 0.5) await pause(between(0, 300))
      await broker.kill('SIGKILL')
      broker = null
      disk.unmount()
      disk.mount()
      if (round % 4 === 0) {
        cutsWhileStarting++
        await cutWhileStarting(disk, dataDirectory)
      }
      broker = await startBroker({ dataDirectory, port, settings: SETTINGS })
      await ledger.compare(violations)
      if (violations.length > 0) tell(`round ${round}, broker said: ${broker.errors()}`)
      if (rounds <= 10 || round % 5 === 0)
        tell(`round ${round}: ${ledger.summary()}; ${violations.length} violations`)
      ledger.resume()
      if (violations.length > 20) break
    }
    await ledger.close(violations)
    await broker.kill('SIGTERM')
    return { rounds, cutsWhileStarting, summary: ledger.summary(), violations }
  } finally {
    await broker?.kill('SIGKILL')
    disk.remove()
  }
}

if (isProgram(import.meta.url)) {
  const problem = whyNoDisks()
  if (problem !== null) {
    console.log(`power cuts cannot be tried here: ${problem}`)
    process.exit(2)
  }
  const report = await runPowerCuts(numberArgument('rounds', 50), (line) => console.log(line))
  console.log(
    `${report.rounds} power cuts under load, ${report.cutsWhileStarting} more while starting; ${report.summary}`,
  )
  conclude(report.violations, 'nothing acknowledged was lost, doubled, reordered or undone')
}
