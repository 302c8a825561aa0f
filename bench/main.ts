/**
 * `npm run bench`: the broker against a bare skeleton of the same work, and the times that people feel: start,
 * restart after a kill, many partitions, memory.
 *
 * Figures of one run belong together; compare ratios, not machines. `--quick` takes one round of each, a word
 * picks the parts whose names hold it, and `--beside PORT/PID` measures another broker on this machine too: one
 * that speaks Kafka's protocol, has been warmed up, and is given to nobody else meanwhile. `--cluster` measures three
 * nodes instead.
 */

import { parseArgs } from 'node:util'
import { benchCluster } from './cluster.ts'
import { compareLatencies, type Latencies } from './latency.ts'
import { manyPartitions, memory, restartAfterKill, startTimes } from './lifecycle.ts'
import { type Measurable, otherBroker } from './servers.ts'
import { type Compared, compare, type Measured, measureDurability, scenarios } from './throughput.ts'

const { values: options, positionals: words } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean' }, cluster: { type: 'boolean' }, beside: { type: 'string' } },
})
const rounds = options.quick === true ? 1 : 3
const other = options.beside === undefined ? undefined : otherOf(options.beside)

function otherOf(beside: string): Measurable {
  const [port, pid] = beside.split('/').map(Number)
  if (!(port && pid)) throw new Error(`--beside takes PORT/PID of a broker on this machine, not ${beside}`)
  return otherBroker(port, pid)
}

function wanted(name: string): boolean {
  return words.length === 0 || words.some((word) => name.includes(word))
}

function print(name: string, result: string, bound: string, met: boolean): void {
  console.log(
    `${name.padEnd(44)} ${result.padEnd(40)} ${bound.padEnd(12)} ${bound === '' ? '' : met ? 'met' : 'MISSED'}`,
  )
}

function figuresOf({
  cpuMicrosPerRequest,
  cpuSecondsPerGigabyte,
  megabytesPerSecond,
  p50Ms,
  p99Ms,
}: Measured): string {
  return `${cpuMicrosPerRequest.toFixed(1)} µs, ${cpuSecondsPerGigabyte.toFixed(2)} CPU-s/GB, ${megabytesPerSecond.toFixed(0)} MB/s, p50 ${p50Ms.toFixed(2)} p99 ${p99Ms.toFixed(2)} ms`
}

function printCompared(name: string, ratioMax: number | undefined, compared: Compared): void {
  const bound = ratioMax === undefined ? '' : `≤ ${ratioMax} ×`
  print(name, `×${compared.ratio.toFixed(2)}`, bound, ratioMax === undefined || compared.ratio <= ratioMax)
  console.log(`    broker    ${figuresOf(compared.broker)}`)
  console.log(`    skeleton  ${figuresOf(compared.skeleton)}`)
  if (compared.other !== undefined) console.log(`    other     ${figuresOf(compared.other)}`)
}

function printLatencies(who: string, { p50Ms, p99Ms, p999Ms }: Latencies, p99MsMax?: number): void {
  const result = `p50 ${p50Ms.toFixed(2)}, p99 ${p99Ms.toFixed(2)}, p99.9 ${p999Ms.toFixed(2)} ms`
  const bound = p99MsMax === undefined ? '' : `p99 ≤ ${p99MsMax} ms`
  print(`end to end at 1,000/s, ${who}`, result, bound, p99MsMax === undefined || p99Ms <= p99MsMax)
}

if (options.cluster === true) {
  await benchCluster(rounds, { row: print, figures: figuresOf })
  process.exit(0)
}
// First, while the disk is quiet: what the others write is still on its way to it long after.
if (wanted('end to end')) {
  const latencies = await compareLatencies(rounds, other)
  printLatencies('on disk before it is seen', latencies.onDisk, 10)
  printLatencies("Kafka's own promise", latencies.unflushed, 10)
  if (latencies.other !== undefined) printLatencies('other', latencies.other)
  if (latencies.otherFlushing !== undefined)
    printLatencies('other, flushing each batch', latencies.otherFlushing)
}
console.log('CPU per request over the skeleton’s, MB/s, ms; medians')
for (const scenario of scenarios) {
  if (!wanted(scenario.name)) continue
  printCompared(scenario.name, scenario.ratioMax, await compare(scenario, rounds, other))
}
if (wanted('durable')) {
  const { durable, relaxed, other: others } = await measureDurability(rounds, other)
  const share = durable.megabytesPerSecond / relaxed.megabytesPerSecond
  print(
    'durable acks (group commit), 16 KiB',
    `${(share * 100).toFixed(0)} % of the throughput without`,
    '≥ 60 %',
    share >= 0.6,
  )
  console.log(`    durable   ${figuresOf(durable)}`)
  console.log(`    without   ${figuresOf(relaxed)}`)
  if (others !== undefined) console.log(`    other     ${figuresOf(others)} (flushing each batch)`)
}
if (wanted('start')) {
  const ms = await startTimes(rounds)
  print('start to the first answered Metadata', `${ms.toFixed(0)} ms`, '≤ 200 ms', ms <= 200)
}
if (wanted('restart')) {
  const ms = await restartAfterKill()
  print('restart after SIGKILL with 1 GiB', `${ms.toFixed(0)} ms`, '≤ 2,000 ms', ms <= 2_000)
}
if (wanted('partitions')) {
  const { createMs, restartMs } = await manyPartitions(10_000)
  print('10,000 partitions created', `${createMs.toFixed(0)} ms`, '≤ 5,000 ms', createMs <= 5_000)
  print('restart with 10,000 partitions', `${restartMs.toFixed(0)} ms`, '≤ 4,000 ms', restartMs <= 4_000)
}
if (wanted('memory')) {
  const { idleBytes, withPartitionsBytes } = await memory(1_000)
  const MiB = 1024 * 1024
  print('idle memory', `${(idleBytes / MiB).toFixed(0)} MiB`, '≤ 90 MiB', idleBytes <= 90 * MiB)
  print(
    'memory with 1,000 partitions',
    `${(withPartitionsBytes / MiB).toFixed(0)} MiB`,
    '≤ 130 MiB',
    withPartitionsBytes <= 130 * MiB,
  )
}
