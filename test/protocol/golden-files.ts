/**
 * Reads the copies of the facts and of the bytes that Kafka itself wrote, which stand under test/golden.
 *
 * Facts are Kafka 4.4's message definitions; golden vectors were written by 4.3.1, so a few names differ.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

const directory = join(import.meta.dirname, '..', 'golden')

export interface FieldFact {
  readonly name: string
  readonly type: string
  readonly versions?: string
  readonly nullableVersions?: string
  readonly taggedVersions?: string
  readonly tag?: number
  readonly default?: string | number | boolean | null
  readonly ignorable?: boolean
  readonly flexibleVersions?: string
  readonly fields?: readonly FieldFact[]
}

export interface MessageFact {
  readonly name: string
  readonly type: string
  readonly apiKey?: number
  readonly listeners?: readonly string[]
  readonly validVersions: string
  readonly flexibleVersions?: string
  readonly latestVersionUnstable?: boolean
  readonly fields?: readonly FieldFact[]
  readonly commonStructs?: readonly { readonly name: string; readonly fields: readonly FieldFact[] }[]
}

/** One line of a golden file; which properties are there depends on its kind. */
export interface GoldenLine {
  readonly api: string
  readonly key?: number
  readonly version: number
  readonly kind: string
  readonly profile?: string
  readonly headerVersion?: number
  readonly header?: unknown
  readonly json: unknown
  readonly hex: string
  readonly keyHex?: string
}

/** Every message definition of Kafka 4.4, travelling and stored. */
export function readFacts(): MessageFact[] {
  return JSON.parse(gunzipSync(readFileSync(join(directory, 'facts.json.gz'))).toString('utf8'))
}

/** The text of a file of test/golden, unpacked. */
export function readGoldenText(name: string): string {
  const bytes = readFileSync(join(directory, name))
  return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
}

/** The lines of a golden file: `wire`, `headers`, `consumer-protocol`, `stored`, `control`, `record-batches`. */
export function readGoldenLines<T = GoldenLine>(name: string): T[] {
  return readGoldenText(`${name}.jsonl.gz`)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}
