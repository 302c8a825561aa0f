/**
 * `npm run bench`: the broker against a bare skeleton of the same work, and the times that people feel: start,
 * restart after a kill, many partitions, memory.
 *
 * Figures of one run belong together; compare ratios, not machines. `--quick` takes one round of each, and a word
 * picks the parts whose names hold it.
 */

import { endToEnd, manyPartitions, memory, restartAfterKill, startTimes } from './lifecycle.ts'
import { type Compared, compare, measureDurability, scenarios } from './throughput.ts'

const words = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const rounds = process.argv.includes('--quick') ? 1 : 3

function wanted(name: string): boolean {
  return words.length === 0 || words.some((word) => name.includes(word))
}

function print(name: string, result: string, bound: string, met: boolean): void {
  console.log(`${name.padEnd(44)} ${result.padEnd(64)} ${bound.padEnd(18)} ${met ? 'met' : 'MISSED'}`)
}

function figures({ broker, skeleton, ratio }: Compared): string {
  const of = ({ cpuMicrosPerRequest, megabytesPerSecond, p50Ms, p99Ms }: Compared['broker']): string =>
    `${cpuMicrosPerRequest.toFixed(1)} µs ${megabytesPerSecond.toFixed(0)} MB/s p50 ${p50Ms.toFixed(2)} p99 ${p99Ms.toFixed(2)}`
  return `×${ratio.toFixed(2)}  (${of(broker)} | skeleton ${of(skeleton)})`
}

// First, while the disk is quiet: what the others write is still on its way to it long after.
if (wanted('end to end')) {
  for (const [how, settings] of [
    ['on disk before it is seen', {}],
    ["Kafka's own promise", { 'log.flush.interval.messages': '9223372036854775807' }],
  ] as const) {
    const { p50Ms, p99Ms } = await endToEnd(settings)
    print(
      `end to end at 1,000/s, ${how}`,
      `p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`,
      'p99 ≤ 10 ms',
      p99Ms <= 10,
    )
  }
}
console.log('CPU per request over the skeleton’s, MB/s, ms; medians')
for (const scenario of scenarios) {
  if (!wanted(scenario.name)) continue
  const compared = await compare(scenario, rounds, { 'log.flush.interval.messages': '9223372036854775807' })
  print(scenario.name, figures(compared), `≤ ${scenario.ratioMax} ×`, compared.ratio <= scenario.ratioMax)
}
if (wanted('durable')) {
  const { durable, relaxed } = await measureDurability(rounds)
  const share = durable.megabytesPerSecond / relaxed.megabytesPerSecond
  print(
    'durable acks (group commit), 16 KiB',
    `${(share * 100).toFixed(0)} % of the throughput without (${durable.megabytesPerSecond.toFixed(0)} of ${relaxed.megabytesPerSecond.toFixed(0)} MB/s)`,
    '≥ 60 %',
    share >= 0.6,
  )
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
