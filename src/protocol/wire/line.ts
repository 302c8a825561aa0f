/**
 * One line of `sluice wire decode` and `sluice wire encode`: JSON with bytes in hex, to JSON with their meaning, and back.
 *
 * `{"api","version","kind","hex"}` becomes `{"api","version","kind","json"}` and the other way round. Frames have their
 * header beside it, control records their key. What cannot be read becomes `{"error"}`; nothing is thrown.
 */
import { compile } from '../codec/compile.ts'
import { type Json, type JsonObject, messageFromJson, messageToJson } from '../codec/json.ts'
import { Reader } from '../codec/reader.ts'
import { Writer } from '../codec/writer.ts'
import { requestHeaderVersion, responseHeaderVersion } from '../header.ts'
import { requestHeader, responseHeader } from '../header-schemas.ts'
import { apiByName } from '../messages/index.ts'
import { readRecordSet } from '../records/record-set.ts'
import { hasVersion, type Message } from '../schema/message.ts'
import { EncodeError, WireFault } from '../wire-error.ts'
import { type Spelling, spellings } from './kinds.ts'
import { recordSetFromJson, recordSetToJson } from './records-json.ts'

export type WireMode = 'decode' | 'encode'

/** A batch of a `records` line may unpack to this. */
const UNPACKED_SIZE_BYTES_MAX = 64 * 1024 * 1024
const FRAME_VERSION = 1

/** The answer to one line, without its newline. */
export function wireLine(mode: WireMode, line: string): string {
  try {
    const given = parsed(line)
    return JSON.stringify(mode === 'decode' ? decoded(given) : encoded(given))
  } catch (error) {
    if (error instanceof WireFault) return JSON.stringify({ error: error.error.message })
    if (error instanceof EncodeError) return JSON.stringify({ error: error.message })
    throw error
  }
}

function fault(message: string): WireFault {
  return new WireFault('json', message, 0)
}

function parsed(line: string): JsonObject {
  let json: Json
  try {
    json = JSON.parse(line)
  } catch {
    throw fault('the line is no JSON')
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw fault('the line is no JSON object')
  return json as JsonObject
}

/** What the line says it is about. */
interface Subject {
  readonly kind: string
  readonly api: string
  readonly version: number
}

function subjectOf(given: JsonObject): Subject {
  const { kind, api, version } = given
  if (typeof kind !== 'string') throw fault('kind is missing')
  if (typeof api !== 'string') throw fault('api is missing')
  if (typeof version !== 'number' || !Number.isInteger(version)) throw fault('version is missing')
  return { kind, api, version }
}

function hexOf(given: JsonObject): Buffer {
  const { hex } = given
  if (typeof hex !== 'string' || !/^([0-9a-f]{2})*$/i.test(hex)) throw fault('hex is missing or no hex')
  return Buffer.from(hex, 'hex')
}

function spellingOf({ kind, api, version }: Subject): Spelling {
  const ofKind = spellings.get(kind)
  if (ofKind === undefined) throw fault(`no kind ${kind}`)
  const spelling = ofKind.get(api)
  if (spelling === undefined) throw fault(`no ${kind} ${api}`)
  requireVersion(spelling.message, version)
  return spelling
}

function requireVersion(message: Message, version: number): void {
  if (!hasVersion(message, version)) throw fault(`${message.name} has no version ${version}`)
}

function decoded(given: JsonObject): JsonObject {
  if (given.kind === 'records') {
    const set = readRecordSet(hexOf(given), UNPACKED_SIZE_BYTES_MAX)
    if (!set.ok) throw fault(set.error.message)
    return { api: given.api ?? null, kind: given.kind, json: recordSetToJson(set.value) }
  }
  const subject = subjectOf(given)
  const reader = new Reader(hexOf(given))
  if (subject.kind === 'request-frame' || subject.kind === 'response-frame')
    return decodedFrame(subject, reader)
  const spelling = spellingOf(subject)
  readPrefix(spelling, subject.version, reader)
  return { ...subject, json: decodedMessage(spelling.message, subject.version, reader, true) }
}

/** Reads a message and moves the reader behind it; `isLast` when nothing may follow. */
function decodedMessage(message: Message, version: number, reader: Reader, isLast: boolean): JsonObject {
  const read = compile(message, version).decode(reader.buffer, reader.position)
  if (!read.ok)
    throw new WireFault(read.error.reason, `${read.error.message} at byte ${read.error.position}`, 0)
  reader.position = read.position
  if (isLast && reader.remaining > 0) throw fault(`${reader.remaining} bytes behind the message`)
  return messageToJson(message, version, read.value)
}

function readPrefix({ prefix, id, message }: Spelling, version: number, reader: Reader): void {
  const expect = (what: string, found: number, wanted: number): void => {
    if (found !== wanted) throw fault(`${message.name}: ${what} ${found}, ${wanted} is wanted`)
  }
  if (prefix === 'version') expect('version', reader.int16(), version)
  if (prefix === 'key') expect('record type', reader.int16(), id)
  if (prefix === 'frame') {
    expect('frame version', reader.uvarint(), FRAME_VERSION)
    expect('record type', reader.uvarint(), id)
    expect('version', reader.uvarint(), version)
  }
}

/** The schemas of a frame: header and body. */
function frameOf({ kind, api: name, version }: Subject) {
  const api = apiByName(name)
  if (api === undefined) throw fault(`no API ${name}`)
  requireVersion(api.request, version)
  return kind === 'request-frame'
    ? { header: requestHeader, headerVersion: requestHeaderVersion(api, version), body: api.request }
    : { header: responseHeader, headerVersion: responseHeaderVersion(api, version), body: api.response }
}

function decodedFrame(subject: Subject, reader: Reader): JsonObject {
  const { header, headerVersion, body } = frameOf(subject)
  const sizeBytes = reader.int32()
  if (sizeBytes !== reader.remaining) throw fault(`a frame of ${sizeBytes} bytes has ${reader.remaining}`)
  const headerJson = decodedMessage(header, headerVersion, reader, false)
  return {
    ...subject,
    headerVersion,
    header: headerJson,
    json: decodedMessage(body, subject.version, reader, true),
  }
}

function encoded(given: JsonObject): JsonObject {
  if (given.kind === 'records') {
    const bytes = recordSetFromJson(given.json ?? given)
    return { api: given.api ?? null, kind: given.kind, hex: bytes.toString('hex') }
  }
  const subject = subjectOf(given)
  const writer = new Writer()
  if (subject.kind === 'request-frame' || subject.kind === 'response-frame') {
    const { header, headerVersion, body } = frameOf(subject)
    writer.int32(0, 'size')
    write(header, headerVersion, given.header, writer)
    write(body, subject.version, given.json, writer)
    writer.patchInt32(0, writer.sizeBytes - 4)
  } else {
    const spelling = spellingOf(subject)
    writePrefix(spelling, subject.version, writer)
    write(spelling.message, subject.version, given.json, writer)
  }
  return { ...subject, hex: writer.finishFlat().toString('hex') }
}

function write(message: Message, version: number, json: Json | undefined, writer: Writer): void {
  if (json === undefined) throw fault(`the JSON of ${message.name} is missing`)
  compile(message, version).encode(messageFromJson(message, version, json), writer)
}

function writePrefix({ prefix, id, message }: Spelling, version: number, writer: Writer): void {
  if (prefix === 'version') writer.int16(version, message.name)
  if (prefix === 'key') writer.int16(id, message.name)
  if (prefix === 'frame') {
    writer.uvarint(FRAME_VERSION)
    writer.uvarint(id)
    writer.uvarint(version)
  }
}
