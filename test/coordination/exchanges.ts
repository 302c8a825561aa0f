/**
 * What a running Kafka answered (`test/golden/exchanges.jsonl.gz`), to ask of our decisions.
 *
 * Compared as the codec writes it: only the fields of the version that was asked. Texts of errors are not in the
 * recorded answers; arrays that Kafka leaves in the order of a hash are compared sorted.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect } from 'vitest'
import { compile } from '../../src/protocol/codec/compile.ts'
import { Writer } from '../../src/protocol/codec/writer.ts'
import { decodeRequestHeader } from '../../src/protocol/header.ts'
import type { Fields, StructInput, StructValue } from '../../src/protocol/schema/field.ts'
import type { Api } from '../../src/protocol/schema/message.ts'

export interface Exchange {
  readonly api: string
  readonly version: number
  readonly listener: string
  readonly hex: string
  readonly responseBodyHex?: string
}

const SIZE_BYTES = 4
const file = join(import.meta.dirname, '../golden/exchanges.jsonl.gz')
/** Exchanges with the broker's listener, in the order in which they were asked. */
export const exchanges = gunzipSync(readFileSync(file))
  .toString()
  .trim()
  .split('\n')
  .map((line): Exchange => JSON.parse(line))
  .filter(({ listener }) => listener === 'broker')

/** Without texts, and in one order. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(comparable).sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))
  }
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? `${value}` : value
  const entries = Object.entries(value).filter(([key]) => key !== 'errorMessage')
  return Object.fromEntries(entries.map(([key, part]) => [key, comparable(part)]))
}

function decoded<F extends Fields>(
  message: Parameters<typeof compile<F>>[0],
  version: number,
  bytes: Buffer,
) {
  const outcome = compile(message, version).decode(bytes)
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.error))
  return outcome.value
}

/** Compares the answers to all recorded requests of an API, which must be `count`. */
export function compareAll<Q extends Fields, R extends Fields>(
  api: Api<Q, R>,
  count: number,
  answer: (request: StructValue<Q>, version: number) => StructInput<R>,
  wanted: (exchange: Exchange) => boolean = () => true,
) {
  const recorded = exchanges.filter((exchange) => exchange.api === api.name && wanted(exchange))
  expect(recorded).toHaveLength(count)
  for (const { version, hex, responseBodyHex } of recorded) {
    const frame = Buffer.from(hex, 'hex').subarray(SIZE_BYTES)
    const header = decodeRequestHeader(frame)
    if (!header.ok) throw new Error(JSON.stringify(header.error))
    const request = decoded(api.request, version, frame.subarray(header.position))
    const writer = new Writer()
    compile(api.response, version).encode(answer(request, version), writer)
    const ours = decoded(api.response, version, writer.finishFlat())
    const theirs = decoded(api.response, version, Buffer.from(responseBodyHex ?? '', 'hex'))
    expect(comparable(ours), `${api.name} ${version} ${hex}`).toEqual(comparable(theirs))
  }
}
