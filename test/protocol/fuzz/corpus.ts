/** What the fuzzer starts from: every golden vector, with the decoder that must survive what becomes of it. */
import { compile } from '../../../src/protocol/codec/compile.ts'
import { Reader } from '../../../src/protocol/codec/reader.ts'
import { Writer } from '../../../src/protocol/codec/writer.ts'
import { decodeRequestHeader, decodeResponse } from '../../../src/protocol/header.ts'
import { apiByKey, apiByName } from '../../../src/protocol/messages/index.ts'
import { BATCH_HEADER_BYTES, batchSizeBytes, MAGIC, magicOf } from '../../../src/protocol/records/batch.ts'
import { validateBatch } from '../../../src/protocol/records/batch-header.ts'
import { decodeControlRecord } from '../../../src/protocol/records/control.ts'
import { legacyRecords, readLegacyMessage } from '../../../src/protocol/records/legacy.ts'
import { readBatchRecords, readRecordSet } from '../../../src/protocol/records/record-set.ts'
import { hasVersion, type Message } from '../../../src/protocol/schema/message.ts'
import { decodeGroupRecord } from '../../../src/protocol/stored/groups.ts'
import { decodeMetadataRecord } from '../../../src/protocol/stored/metadata.ts'
import { decodeVersioned } from '../../../src/protocol/stored/record-family.ts'
import { decodeRemoteLogRecord } from '../../../src/protocol/stored/remote-log.ts'
import { decodeShareStateRecord } from '../../../src/protocol/stored/share-state.ts'
import { decodeTransactionRecord } from '../../../src/protocol/stored/transaction-log.ts'
import { spellings } from '../../../src/protocol/wire/kinds.ts'
import { catchWireFault, type Decoded } from '../../../src/protocol/wire-error.ts'
import { type GoldenLine, readGoldenLines } from '../golden-files.ts'

export interface Seed {
  readonly name: string
  readonly bytes: Buffer
  readonly decode: (bytes: Buffer) => Decoded<unknown>
  /** Writes again what was decoded; only where the decoder is one of a message. */
  readonly encode?: (value: unknown) => void
}

/** A batch of a hostile set may unpack to this. */
const UNPACKED_SIZE_BYTES_MAX = 64 * 1024

function messageOf(line: GoldenLine): Message {
  const message = spellings.get(line.kind)?.get(line.api)?.message
  if (message === undefined) throw new Error(`no message for ${line.kind} ${line.api}`)
  return message
}

function bodySeed(line: GoldenLine): Pick<Seed, 'decode' | 'encode'> {
  const codec = compile(messageOf(line), line.version)
  return {
    decode: (bytes) => codec.decode(bytes),
    encode: (value) => {
      const writer = new Writer()
      codec.encode(value as never, writer)
      writer.finish()
    },
  }
}

const NO_VALUE = Buffer.alloc(0)

/** The decoder of a line's kind. */
function decoderOf(line: GoldenLine): Pick<Seed, 'decode' | 'encode'> {
  switch (line.kind) {
    case 'request-frame':
      return { decode: (bytes) => decodeRequest(bytes.subarray(Math.min(4, bytes.length))) }
    case 'response-frame': {
      const api = apiByName(line.api)
      if (api === undefined) throw new Error(`no API ${line.api}`)
      return {
        decode: (bytes) => decodeResponse(api, line.version, bytes.subarray(Math.min(4, bytes.length))),
      }
    }
    case 'group-key':
      return { decode: (bytes) => decodeGroupRecord(bytes, null) }
    case 'transaction-key':
      return { decode: (bytes) => decodeTransactionRecord(bytes, null) }
    case 'share-key':
      return { decode: (bytes) => decodeShareStateRecord(bytes, NO_VALUE) }
    case 'metadata-record':
      return { decode: decodeMetadataRecord }
    case 'remote-log-metadata-record':
      return { decode: decodeRemoteLogRecord }
    case 'control-record': {
      const key = Buffer.from(line.keyHex ?? '', 'hex')
      return { decode: (bytes) => decodeControlRecord(key, bytes) }
    }
    case 'request':
    case 'response':
    case 'header':
      return bodySeed(line)
    default: {
      const message = messageOf(line)
      return { decode: (bytes) => decodeVersioned(message, bytes) }
    }
  }
}

/** Header and body, as a dispatcher reads them. */
function decodeRequest(frame: Buffer): Decoded<unknown> {
  const header = decodeRequestHeader(frame)
  if (!header.ok) return header
  const api = apiByKey(header.value.apiKey)
  if (api === undefined || !hasVersion(api, header.value.apiVersion)) return header
  return compile(api.request, header.value.apiVersion).decode(frame, header.position)
}

/** A set as it is, and its first batch or message as if its checksum were right. */
function decodeRecordSet(bytes: Buffer): Decoded<unknown> {
  validateBatch(bytes, 0, bytes.length)
  if (bytes.length >= BATCH_HEADER_BYTES && magicOf(bytes, 0) === MAGIC) {
    const sizeBytes = batchSizeBytes(bytes, 0)
    const isWhole = sizeBytes >= BATCH_HEADER_BYTES && sizeBytes <= bytes.length
    if (isWhole) readBatchRecords(bytes, 0, UNPACKED_SIZE_BYTES_MAX)
  } else {
    catchWireFault(() => {
      const message = readLegacyMessage(new Reader(bytes))
      return { ok: true, value: legacyRecords(message, UNPACKED_SIZE_BYTES_MAX), position: 0 }
    })
  }
  return readRecordSet(bytes, UNPACKED_SIZE_BYTES_MAX)
}

/** All vectors, of messages and of record sets. */
export function readCorpus(): { readonly messages: readonly Seed[]; readonly recordSets: readonly Seed[] } {
  const files = ['wire', 'headers', 'consumer-protocol', 'stored', 'control']
  const messages = files.flatMap((file) =>
    readGoldenLines(file).map((line) => ({
      name: `${line.kind} ${line.api} ${line.version}`,
      bytes: Buffer.from(line.hex, 'hex'),
      ...decoderOf(line),
    })),
  )
  const recordSets = readGoldenLines('record-batches').map((line) => ({
    name: `records ${line.api}`,
    bytes: Buffer.from(line.hex, 'hex'),
    decode: decodeRecordSet,
  }))
  return { messages, recordSets }
}
