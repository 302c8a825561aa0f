/**
 * `npm run bench -- --cluster`: what three replicas cost against one, and how long a record takes that all must have.
 */
import { clusterLatencies } from './latency.ts'
import { type Measured, measureReplication } from './throughput.ts'

const KIB = 1024

export interface Printers {
  readonly row: (name: string, result: string, bound: string, met: boolean) => void
  readonly figures: (measured: Measured) => string
}

export async function benchCluster(rounds: number, { row, figures }: Printers): Promise<void> {
  for (const [recordsPerSecond, p99MsMax] of [
    [1_000, 3],
    [10_000, 10],
  ] as const) {
    const { onDisk, unflushed } = await clusterLatencies(recordsPerSecond, rounds)
    for (const [promise, { p50Ms, p99Ms, p999Ms }] of [
      ['on disk', onDisk],
      ["Kafka's own promise", unflushed],
    ] as const) {
      const result = `p50 ${p50Ms.toFixed(2)}, p99 ${p99Ms.toFixed(2)}, p99.9 ${p999Ms.toFixed(2)} ms`
      row(
        `end to end on three, ${recordsPerSecond}/s, ${promise}`,
        result,
        `p99 ≤ ${p99MsMax} ms`,
        p99Ms <= p99MsMax,
      )
    }
  }
  for (const sizeBytes of [16 * KIB, 64 * KIB]) {
    const { cluster, single, ratio } = await measureReplication(sizeBytes, rounds)
    row(
      `produce ${sizeBytes / KIB} KiB, acks=all on three`,
      `×${ratio.toFixed(2)} of one node`,
      '≤ 4 ×',
      ratio <= 4,
    )
    console.log(`    three     ${figures(cluster)}`)
    console.log(`    one       ${figures(single)}`)
  }
}
