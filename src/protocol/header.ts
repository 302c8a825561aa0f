/**
 * Request and response headers, and whole frames: size, header, body.
 *
 * Which header a request has follows from its API and version: 2 when the body is flexible, else 1; a response 1 or
 * 0. ApiVersions answers with header 0 at every version, for its reader may not know ours yet (KIP-511). The client
 * id keeps its int16 length in header 2, so that it can be read before anything else is understood.
 */
import { compile } from './codec/compile.ts'
import { Reader } from './codec/reader.ts'
import { Writer } from './codec/writer.ts'
import { apiByKey } from './messages/index.ts'
import type { Fields, StructInput, StructValue } from './schema/field.ts'
import { type Api, hasVersion, isFlexible } from './schema/message.ts'
import { catchWireFault, type Decoded, WireFault } from './wire-error.ts'

const API_VERSIONS_KEY = 18
const CORRELATION_ID_OFFSET = 4

export interface RequestHeader {
  readonly apiKey: number
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
}

/** 2 for flexible versions, else 1. */
export function requestHeaderVersion(api: Api, version: number): 1 | 2 {
  return isFlexible(api, version) ? 2 : 1
}

/** 1 for flexible versions but those of ApiVersions, else 0. */
export function responseHeaderVersion(api: Api, version: number): 0 | 1 {
  return isFlexible(api, version) && api.key !== API_VERSIONS_KEY ? 1 : 0
}

/**
 * Reads the header of a request frame, given without its size; the body begins at the returned `position`.
 *
 * An unknown API is an error. A version that its API lacks is none: the header is then read as of the nearest version
 * that exists, for ApiVersions must be answered whatever was asked. The caller checks `apiVersion`.
 */
export function decodeRequestHeader(frame: Buffer): Decoded<RequestHeader> {
  return catchWireFault(() => {
    const reader = new Reader(frame)
    const apiKey = reader.int16()
    const apiVersion = reader.int16()
    const correlationId = reader.int32()
    const api = apiByKey(apiKey)
    if (api === undefined) throw new WireFault('unknown-api', `API key ${apiKey}`, 0)
    const length = reader.length16()
    const clientId = length < 0 ? null : reader.text(length)
    if (requestHeaderVersion(api, apiVersion) === 2) skipTags(reader)
    return { ok: true, value: { apiKey, apiVersion, correlationId, clientId }, position: reader.position }
  })
}

/** No tag of a header is known; they are read over, within the bounds, and forgotten. */
function skipTags(reader: Reader): void {
  for (let left = reader.tagCount(); left > 0; left--) {
    reader.uvarint()
    reader.position = reader.tagEnd()
  }
}

/** A whole response frame, size first; throws `EncodeError` when the version cannot spell the body. */
export function encodeResponse<Q extends Fields, R extends Fields>(
  api: Api<Q, R>,
  version: number,
  correlationId: number,
  body: StructInput<R>,
): Buffer[] {
  const writer = new Writer()
  writer.int32(0, 'size')
  writer.int32(correlationId, 'correlationId')
  if (responseHeaderVersion(api, version) === 1) writer.uvarint(0)
  compile(api.response, version).encode(body, writer)
  writer.patchInt32(0, writer.sizeBytes - 4)
  return writer.finish()
}

/** A whole request frame, size first. */
export function encodeRequest<Q extends Fields, R extends Fields>(
  api: Api<Q, R>,
  version: number,
  correlationId: number,
  clientId: string | null,
  body: StructInput<Q>,
): Buffer[] {
  const writer = new Writer()
  writer.int32(0, 'size')
  writer.int16(api.key, 'apiKey')
  writer.int16(version, 'apiVersion')
  writer.int32(correlationId, 'correlationId')
  if (clientId === null) writer.int16(-1, 'clientId')
  else writer.text16(clientId, 'clientId')
  if (requestHeaderVersion(api, version) === 2) writer.uvarint(0)
  compile(api.request, version).encode(body, writer)
  writer.patchInt32(0, writer.sizeBytes - 4)
  return writer.finish()
}

/** The correlation id of a response frame, given without its size; null when the frame is too short for one. */
export function responseCorrelationId(frame: Buffer): number | null {
  return frame.length < CORRELATION_ID_OFFSET ? null : frame.readInt32BE(0)
}

/** A response frame, given without its size, as the answer to a request of that API and version. */
export function decodeResponse<Q extends Fields, R extends Fields>(
  api: Api<Q, R>,
  version: number,
  frame: Buffer,
): Decoded<{ readonly correlationId: number; readonly body: StructValue<R> }> {
  return catchWireFault(() => {
    if (!hasVersion(api, version)) throw new WireFault('unknown-version', `${api.name} ${version}`, 0)
    const reader = new Reader(frame)
    const correlationId = reader.int32()
    if (responseHeaderVersion(api, version) === 1) skipTags(reader)
    const body = compile(api.response, version).decode(frame, reader.position)
    if (!body.ok) return body
    return { ok: true, value: { correlationId, body: body.value }, position: body.position }
  })
}
