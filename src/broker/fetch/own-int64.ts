/**
 * A number that our brokers tell each other in a tagged field of a Fetch, of a tag far from Kafka's, which others ignore.
 */
import type { UnknownTaggedField } from '../../protocol/schema/field.ts'

const TAG = 10_001
const SIZE_BYTES = 8

export function tellInt64(value: number): readonly UnknownTaggedField[] {
  const data = Buffer.allocUnsafe(SIZE_BYTES)
  data.writeBigInt64BE(BigInt(value), 0)
  return [{ tag: TAG, data }]
}

/** What was told; null where nothing was, or something else. */
export function toldInt64(fields: readonly UnknownTaggedField[] | undefined): bigint | null {
  const field = fields?.find(({ tag, data }) => tag === TAG && data.length === SIZE_BYTES)
  return field === undefined ? null : field.data.readBigInt64BE(0)
}
