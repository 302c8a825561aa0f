/**
 * Every vector that Kafka 4.3.1 wrote: bytes to value to the same bytes, bytes to JSON, JSON to the same bytes.
 */
import { describe, expect, test } from 'vitest'
import { compile, encodeToBuffer } from '../../src/protocol/codec/compile.ts'
import {
  decodeRequestHeader,
  decodeResponse,
  encodeRequest,
  encodeResponse,
} from '../../src/protocol/header.ts'
import { apiByName } from '../../src/protocol/messages/index.ts'
import {
  type ControlRecord,
  decodeControlRecord,
  encodeControlRecord,
} from '../../src/protocol/records/control.ts'
import type { Api } from '../../src/protocol/schema/message.ts'
import { decodeGroupRecord, encodeGroupRecord } from '../../src/protocol/stored/groups.ts'
import { decodeMetadataRecord, encodeMetadataRecord } from '../../src/protocol/stored/metadata.ts'
import { decodeRemoteLogRecord, encodeRemoteLogRecord } from '../../src/protocol/stored/remote-log.ts'
import { decodeShareStateRecord, encodeShareStateRecord } from '../../src/protocol/stored/share-state.ts'
import {
  decodeTransactionRecord,
  encodeTransactionRecord,
} from '../../src/protocol/stored/transaction-log.ts'
import { spellings } from '../../src/protocol/wire/kinds.ts'
import { wireLine } from '../../src/protocol/wire/line.ts'
import type { Decoded } from '../../src/protocol/wire-error.ts'
import { type GoldenLine, readGoldenLines } from './golden-files.ts'

const files = ['wire', 'headers', 'consumer-protocol', 'stored', 'control'] as const
const lines = new Map(files.map((file) => [file, readGoldenLines(file)]))

function linesOf(file: (typeof files)[number]): GoldenLine[] {
  return lines.get(file) ?? []
}

/** Fields that 4.4 names otherwise than 4.3.1, which wrote the vectors. */
function withNamesOf44(line: GoldenLine): unknown {
  const rename = (json: unknown, former: string, name: string): unknown => {
    if (typeof json !== 'object' || json === null || !(former in json)) return json
    return Object.fromEntries(
      Object.entries(json).map(([key, value]) => [key === former ? name : key, value]),
    )
  }
  if (line.api === 'TxnOffsetCommit') return rename(line.json, 'generationId', 'generationIdOrMemberEpoch')
  if (line.api === 'StreamsGroupHeartbeat') {
    return rename(line.json, 'acceptableRecoveryLag', 'acceptableRecoveryLagLegacy')
  }
  return line.json
}

function ok<T>(decoded: Decoded<T>): T {
  if (!decoded.ok) throw new Error(`${decoded.error.reason}: ${decoded.error.message}`)
  return decoded.value
}

/** A test's name for a line, and the line. */
function named(all: readonly GoldenLine[]): (readonly [string, readonly GoldenLine[]])[] {
  const groups = new Map<string, GoldenLine[]>()
  for (const line of all) {
    const name = `${line.kind} ${line.api}`
    groups.set(name, [...(groups.get(name) ?? []), line])
  }
  return [...groups]
}

test('all vectors are there', () => {
  expect(Object.fromEntries([...lines].map(([file, all]) => [file, all.length]))).toEqual({
    wire: 3097,
    headers: 353,
    'consumer-protocol': 99,
    stored: 518,
    control: 37,
  })
})

describe('bodies: bytes to value to the same bytes', () => {
  test.each(named(linesOf('wire')))('%s', (_, all) => {
    for (const line of all) {
      const message = spellings.get(line.kind)?.get(line.api)?.message
      if (message === undefined) throw new Error(`no message for ${line.kind} ${line.api}`)
      const bytes = Buffer.from(line.hex, 'hex')
      // In the middle of a larger buffer, as bodies lie behind their header.
      const decoded = compile(message, line.version).decode(Buffer.concat([Buffer.alloc(7, 255), bytes]), 7)
      const value = ok(decoded)
      expect(decoded).toMatchObject({ position: 7 + bytes.length })
      expect(encodeToBuffer(message, line.version, value).toString('hex')).toBe(line.hex)
    }
  })
})

describe('lines: bytes to JSON, and JSON to the same bytes', () => {
  test.each(named([...lines.values()].flat()))('%s', (_, all) => {
    for (const line of all) {
      const subject = { api: line.api, version: line.version, kind: line.kind }
      const header = line.header === undefined ? {} : { header: line.header }
      const decoded: unknown = JSON.parse(wireLine('decode', JSON.stringify({ ...subject, hex: line.hex })))
      const isFrame = line.kind === 'request-frame' || line.kind === 'response-frame'
      const frame = isFrame ? { headerVersion: line.headerVersion, ...header } : {}
      expect(decoded).toEqual({ ...subject, ...frame, json: withNamesOf44(line) })
      const encoded: unknown = JSON.parse(
        wireLine('encode', JSON.stringify({ ...subject, ...header, json: line.json })),
      )
      expect(encoded).toEqual({ ...subject, hex: line.hex })
    }
  })
})

/** A header that we write has no tagged fields; vectors that have some are only read. */
function hasPlainHeader(line: GoldenLine): boolean {
  return typeof line.header === 'object' && line.header !== null && !('_unknownTaggedFields' in line.header)
}

function apiOf(line: GoldenLine): Api {
  const api = apiByName(line.api)
  if (api === undefined) throw new Error(`no API ${line.api}`)
  return api
}

describe('frames', () => {
  test('requests: size, header and body', () => {
    for (const line of linesOf('headers').filter(({ kind }) => kind === 'request-frame')) {
      const api = apiOf(line)
      const frame = Buffer.from(line.hex, 'hex')
      const header = decodeRequestHeader(frame.subarray(4))
      const { apiKey, apiVersion, correlationId, clientId } = ok(header)
      expect({ apiKey, apiVersion }).toEqual({ apiKey: api.key, apiVersion: line.version })
      const position = header.ok ? header.position : 0
      const body = ok(compile(api.request, apiVersion).decode(frame.subarray(4), position))
      if (!hasPlainHeader(line)) continue
      const written = Buffer.concat(encodeRequest(api, apiVersion, correlationId, clientId, body))
      expect(written.toString('hex')).toBe(line.hex)
    }
  })

  test('responses: size, header and body', () => {
    for (const line of linesOf('headers').filter(({ kind }) => kind === 'response-frame')) {
      const api = apiOf(line)
      const frame = Buffer.from(line.hex, 'hex')
      const decoded = decodeResponse(api, line.version, frame.subarray(4))
      const { correlationId, body } = ok(decoded)
      expect(decoded).toMatchObject({ position: frame.length - 4 })
      if (!hasPlainHeader(line)) continue
      const written = Buffer.concat(encodeResponse(api, line.version, correlationId, body))
      expect(written.toString('hex')).toBe(line.hex)
    }
  })
})

describe('closed unions of stored records', () => {
  const stored = (kind: string) => linesOf('stored').filter((line) => line.kind === kind)

  test('metadata records', () => {
    for (const line of stored('metadata-record')) {
      const record = ok(decodeMetadataRecord(Buffer.from(line.hex, 'hex')))
      expect(record.type).toBe(line.api)
      expect(encodeMetadataRecord(record, line.version).toString('hex')).toBe(line.hex)
    }
  })

  test('records of the remote log', () => {
    for (const line of stored('remote-log-metadata-record')) {
      const record = ok(decodeRemoteLogRecord(Buffer.from(line.hex, 'hex')))
      expect(record.type).toBe(line.api)
      expect(encodeRemoteLogRecord(record, line.version).toString('hex')).toBe(line.hex)
    }
  })

  const families = [
    ['group', decodeGroupRecord, encodeGroupRecord],
    ['transaction', decodeTransactionRecord, encodeTransactionRecord],
    ['share', decodeShareStateRecord, encodeShareStateRecord],
  ] as const

  test.each(families)('%s keys and values', (family, decode, encode) => {
    for (const valueLine of stored(`${family}-value`)) {
      const name = valueLine.api.replace(/Value$/, '')
      for (const keyLine of stored(`${family}-key`).filter(({ api }) => api === `${name}Key`)) {
        const record = ok<{ type: string }>(
          decode(Buffer.from(keyLine.hex, 'hex'), Buffer.from(valueLine.hex, 'hex')),
        )
        expect(record.type).toBe(name)
        // The record is one of this family's, for its own decoder made it.
        const written = encode(record as never, valueLine.version)
        expect(written.key.toString('hex')).toBe(keyLine.hex)
        expect(written.value?.toString('hex')).toBe(valueLine.hex)
      }
    }
  })

  test('a tombstone has a key only', () => {
    const [line] = stored('group-key')
    const record = ok(decodeGroupRecord(Buffer.from(line?.hex ?? '', 'hex'), null))
    expect(record.value).toBeNull()
    expect(encodeGroupRecord(record)).toMatchObject({ value: null })
  })
})

test('control records', () => {
  const types = new Set<ControlRecord['type']>()
  for (const line of linesOf('control')) {
    const record = ok(
      decodeControlRecord(Buffer.from(line.keyHex ?? '', 'hex'), Buffer.from(line.hex, 'hex')),
    )
    types.add(record.type)
    const written = encodeControlRecord(record)
    expect({ key: written.key.toString('hex'), value: written.value.toString('hex') }).toEqual({
      key: line.keyHex,
      value: line.hex,
    })
  }
  expect(types.size).toBe(7)
})
