/** Record sets that Kafka 4.3.1 wrote: each batch, each record, and what is built again is the same. */
import { describe, expect, test } from 'vitest'
import { validateBatch } from '../../../src/protocol/records/batch-header.ts'
import { readRecordSet } from '../../../src/protocol/records/record-set.ts'
import { wireLine } from '../../../src/protocol/wire/line.ts'
import { readGoldenLines } from '../golden-files.ts'

interface RecordsLine {
  readonly api: string
  readonly batches: readonly {
    magic: number
    codec: string
    valid: boolean
    position: number
    records?: unknown
  }[]
  readonly trailingBytes: number
  readonly hex: string
}

const lines = readGoldenLines<RecordsLine>('record-batches')

test('all vectors are there', () => {
  expect(lines.length).toBe(134)
})

test.each(lines.map((line, index) => [`${index} ${line.api}`, line] as const))('reads %s', (_, line) => {
  const decoded: unknown = JSON.parse(
    wireLine('decode', JSON.stringify({ api: line.api, kind: 'records', hex: line.hex })),
  )
  expect(decoded).toEqual({
    api: line.api,
    kind: 'records',
    json: { batches: line.batches, trailingBytes: line.trailingBytes },
  })
})

const writable = lines.filter(
  ({ batches, trailingBytes }) =>
    trailingBytes === 0 && batches.every(({ magic, valid }) => magic === 2 && valid),
)

describe('builds again', () => {
  test('batches that are not packed, byte for byte', () => {
    const plain = writable.filter(({ batches }) => batches.every(({ codec }) => codec === 'none'))
    expect(plain.length).toBeGreaterThan(25)
    for (const line of plain) {
      const { api, batches } = line
      const encoded: unknown = JSON.parse(
        wireLine('encode', JSON.stringify({ api, kind: 'records', json: { batches } })),
      )
      // A batch with LogAppendTime shows one time for all its records; what they held is not told.
      if (line.batches.some((batch) => 'timestampType' in batch && batch.timestampType === 'LogAppendTime'))
        continue
      expect(encoded).toEqual({ api, kind: 'records', hex: line.hex })
    }
  })

  test('packed batches, to the same records', () => {
    const packed = writable.filter(({ batches }) => batches.some(({ codec }) => codec !== 'none'))
    expect(packed.length).toBeGreaterThan(70)
    for (const { api, batches } of packed) {
      const encoded = JSON.parse(
        wireLine('encode', JSON.stringify({ api, kind: 'records', json: { batches } })),
      )
      const decoded = JSON.parse(wireLine('decode', JSON.stringify(encoded)))
      const recordsOf = (all: readonly { records?: unknown }[]) => all.map(({ records }) => records)
      expect(recordsOf(decoded.json.batches)).toEqual(recordsOf(batches))
    }
  })
})

describe('validateBatch', () => {
  test('takes every whole and undamaged batch of magic 2, and refuses it cut or with one bit changed', () => {
    let taken = 0
    for (const line of lines) {
      const bytes = Buffer.from(line.hex, 'hex')
      const set = readRecordSet(bytes, 2 ** 24)
      if (!set.ok) throw new Error(set.error.message)
      for (const batch of set.value.batches) {
        if (batch.magic !== 2) continue
        const end = batch.position + batch.sizeBytes
        const fault = validateBatch(bytes, batch.position, end)
        expect(fault?.reason).toBe(batch.records === null ? 'crc' : undefined)
        expect(validateBatch(bytes, batch.position, end - 1)?.reason).toBe('truncated')
        const changed = Buffer.from(bytes)
        changed[end - 1] = (changed[end - 1] ?? 0) ^ 0x10
        if (batch.records !== null) expect(validateBatch(changed, batch.position, end)?.reason).toBe('crc')
        taken++
      }
    }
    expect(taken).toBeGreaterThan(100)
  })

  test('refuses more records than its bytes can hold, and other magics', () => {
    const line = lines.find(({ api }) => api === 'many-records')
    const bytes = Buffer.from(line?.hex ?? '', 'hex')
    const magic = Buffer.from(bytes)
    magic[16] = 3
    expect(validateBatch(magic, 0, magic.length)?.reason).toBe('magic')
    expect(validateBatch(bytes, 0, 5)?.reason).toBe('truncated')
  })
})
