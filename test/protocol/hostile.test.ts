/**
 * What hostile bytes can cost: counts that amplify, tags without end, varints without end, lengths that lie.
 */
import { describe, expect, test } from 'vitest'
import { compile } from '../../src/protocol/codec/compile.ts'
import { decodeRequestHeader } from '../../src/protocol/header.ts'
import { protocolLimits } from '../../src/protocol/limits.ts'
import { apiVersions } from '../../src/protocol/messages/api-versions.ts'
import { fetch } from '../../src/protocol/messages/fetch.ts'
import { metadata } from '../../src/protocol/messages/metadata.ts'
import { produce } from '../../src/protocol/messages/produce.ts'
import { decodeRecords } from '../../src/protocol/records/record.ts'

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** The value of `run`, how long it took, and how much the heap grew. */
function cost<T>(run: () => T): {
  readonly value: T
  readonly elapsedMs: number
  readonly grownBytes: number
} {
  const heapBefore = process.memoryUsage().heapUsed
  const begun = performance.now()
  const value = run()
  const elapsedMs = performance.now() - begun
  return { value, elapsedMs, grownBytes: process.memoryUsage().heapUsed - heapBefore }
}

describe('hostile input: array counts', () => {
  test('a count that the bytes cannot hold is refused before anything is made of it', () => {
    for (const count of [2 ** 31 - 1, 1_000_001, 100]) {
      const { value, elapsedMs, grownBytes } = cost(() =>
        compile(metadata.request, 1).decode(Buffer.concat([int32(count), Buffer.alloc(100)])),
      )
      expect(value).toMatchObject({ ok: false, error: { reason: 'count' } })
      expect(elapsedMs).toBeLessThan(50)
      expect(grownBytes).toBeLessThan(2 ** 20)
    }
  })

  test('a compact count of 2^32-1 is refused', () => {
    const decoded = compile(metadata.request, 12).decode(Buffer.from('ffffffff0f00000000', 'hex'))
    expect(decoded).toMatchObject({ ok: false, error: { reason: 'count' } })
  })

  test('CVE-2026-111108: many small elements are bounded in all, even where the bytes could hold them', () => {
    // Two arrays of 600,000 empty names each would do, one inside the other does too.
    const names = Buffer.alloc(2 * (protocolLimits.elementsPerMessageMax + 1))
    const frame = Buffer.concat([int32(protocolLimits.elementsPerMessageMax + 1), names])
    const { value, elapsedMs } = cost(() => compile(metadata.request, 1).decode(frame))
    expect(value).toMatchObject({ ok: false, error: { reason: 'limit' } })
    expect(elapsedMs).toBeLessThan(50)
  })

  test('the bound is one for the message, not one for each array', () => {
    const topic = (partitions: number) =>
      Buffer.concat([Buffer.alloc(2), int32(partitions), Buffer.alloc(partitions * 4)])
    const forgotten = Buffer.concat([int32(2), topic(600_000), topic(600_000)])
    const head = Buffer.alloc(4 + 4 + 4 + 4 + 1 + 4 + 4 + 4)
    const decoded = compile(fetch.request, 7).decode(Buffer.concat([head, forgotten]))
    expect(decoded).toMatchObject({ ok: false, error: { reason: 'limit' } })
  })
})

describe('hostile input: tagged fields', () => {
  test('CVE-2026-111115: twenty million tagged fields in a request header are refused at once', () => {
    const head = Buffer.from([0, 18, 0, 4, 0, 0, 0, 1, 0xff, 0xff])
    const frame = Buffer.concat([head, Buffer.from([0x80, 0xda, 0xc4, 0x09]), Buffer.alloc(40_000_000)])
    const { value, elapsedMs, grownBytes } = cost(() => decodeRequestHeader(frame))
    expect(value).toMatchObject({ ok: false, error: { reason: 'limit' } })
    expect(elapsedMs).toBeLessThan(50)
    expect(grownBytes).toBeLessThan(2 ** 20)
  })

  test('a tagged field larger than what is left is refused', () => {
    const decoded = compile(apiVersions.request, 3).decode(Buffer.from('01000109ff7f00', 'hex'))
    expect(decoded).toMatchObject({ ok: false })
  })
})

describe('hostile input: lengths and varints', () => {
  test('a varint of more than five bytes is refused', () => {
    const decoded = compile(metadata.request, 12).decode(Buffer.from('ffffffffffffffffff7f', 'hex'))
    expect(decoded).toMatchObject({ ok: false, error: { reason: 'varint' } })
    const large = compile(metadata.request, 12).decode(Buffer.from('ffffffff1f', 'hex'))
    expect(large).toMatchObject({ ok: false, error: { reason: 'varint' } })
  })

  test('negative lengths other than -1 are refused', () => {
    const head = Buffer.from('fffe', 'hex')
    expect(compile(produce.request, 3).decode(head)).toMatchObject({ ok: false, error: { reason: 'length' } })
    const array = Buffer.concat([Buffer.from('ffff000100000001', 'hex'), int32(-2)])
    expect(compile(produce.request, 3).decode(array)).toMatchObject({ ok: false, error: { reason: 'count' } })
  })

  test('text that is no UTF-8 is read as Node reads it', () => {
    const decoded = compile(metadata.request, 1).decode(
      Buffer.concat([int32(1), Buffer.from('0003c328ff', 'hex')]),
    )
    expect(decoded).toMatchObject({ ok: true, value: { topics: [{ name: '\ufffd(\ufffd' }] } })
  })

  test('records that say to be longer than their batch, or to be more than they are, are refused', () => {
    const record = Buffer.from('0c00000001010000', 'hex')
    expect(decodeRecords(Buffer.from([0x10, ...record.subarray(1, 6)]), 1)).toMatchObject({ ok: false })
    expect(decodeRecords(Buffer.from('0c000000010100', 'hex'), 1)).toMatchObject({ ok: true })
    expect(decodeRecords(Buffer.from('0c000000010100', 'hex'), 2)).toMatchObject({ ok: false })
    expect(decodeRecords(Buffer.from('0c000000010100', 'hex'), 0)).toMatchObject({ ok: false })
    // A count of headers far beyond the bytes.
    expect(decodeRecords(Buffer.from('1200000001feffffff0f', 'hex'), 1)).toMatchObject({ ok: false })
  })
})

describe('hostile input: request headers', () => {
  test('unknown APIs and headers that are cut are errors', () => {
    expect(decodeRequestHeader(Buffer.from('03e700000000000000ff', 'hex'))).toMatchObject({
      ok: false,
      error: { reason: 'unknown-api' },
    })
    const frame = Buffer.from('0012000400000007000161' + '00', 'hex')
    expect(decodeRequestHeader(frame)).toMatchObject({ ok: true, value: { correlationId: 7, clientId: 'a' } })
    for (let length = 0; length < frame.length; length++) {
      expect(decodeRequestHeader(frame.subarray(0, length)).ok).toBe(false)
    }
  })

  test('an ApiVersions request of a version that is not there yet is still told apart', () => {
    const decoded = decodeRequestHeader(Buffer.from('0012006300000007ffff00', 'hex'))
    expect(decoded).toMatchObject({ ok: true, value: { apiKey: 18, apiVersion: 99, clientId: null } })
  })

  test('a client id has the old length in the flexible header too', () => {
    const decoded = decodeRequestHeader(Buffer.from('0003000c00000001000161' + '00' + '01', 'hex'))
    expect(decoded).toMatchObject({ ok: true, value: { apiKey: 3, clientId: 'a' }, position: 12 })
  })
})
