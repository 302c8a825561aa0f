/** What clients asked and what a running Kafka 4.3.1 answered: every frame is read, and every answer written again. */
import { expect, test } from 'vitest'
import { compile, encodeToBuffer } from '../../src/protocol/codec/compile.ts'
import { messageToJson } from '../../src/protocol/codec/json.ts'
import { decodeRequestHeader } from '../../src/protocol/header.ts'
import { apiByKey } from '../../src/protocol/messages/index.ts'
import { hasVersion } from '../../src/protocol/schema/message.ts'
import { readGoldenLines } from './golden-files.ts'

interface Exchange {
  readonly api: string
  readonly hex: string
  readonly request?: unknown
  readonly response?: unknown
  readonly responseBodyHex?: string
}

test('requests and answers', () => {
  const lines = readGoldenLines<Exchange>('exchanges')
  expect(lines.length).toBe(417)
  let read = 0
  const odd: string[] = []
  for (const line of lines) {
    const frame = Buffer.from(line.hex, 'hex').subarray(4)
    const header = decodeRequestHeader(frame)
    const api = header.ok ? apiByKey(header.value.apiKey) : undefined
    if (!header.ok || api === undefined || !hasVersion(api, header.value.apiVersion)) {
      odd.push(line.api)
      continue
    }
    const { apiVersion } = header.value
    const request = compile(api.request, apiVersion).decode(frame, header.position)
    if (!request.ok) throw new Error(`${line.api}: ${request.error.message}`)
    expect(request.position).toBe(frame.length)
    expect(messageToJson(api.request, apiVersion, request.value)).toEqual(line.request)
    if (line.responseBodyHex === undefined) continue
    const body = Buffer.from(line.responseBodyHex, 'hex')
    const response = compile(api.response, apiVersion).decode(body)
    if (!response.ok) throw new Error(`${line.api}: ${response.error.message}`)
    expect(encodeToBuffer(api.response, apiVersion, response.value).equals(body)).toBe(true)
    read++
  }
  expect(read).toBe(413)
  expect(odd).toEqual(['ApiVersions', 'LeaderAndIsr', 'no such API', 'ApiVersions'])
})
