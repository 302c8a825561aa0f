/**
 * Every request that Kafka itself wrote for the golden files, as whole frames: size, header, body.
 */
import { readGoldenText } from '../protocol/golden-files.ts'

interface Line {
  readonly key: number
  readonly version: number
  readonly kind: string
  readonly headerVersion?: number
  readonly hex: string
}

function lines(name: string): Line[] {
  return readGoldenText(name)
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Line => JSON.parse(line))
}

function frame(line: Line, headerVersion: number): Buffer {
  const body = Buffer.from(line.hex, 'hex')
  const header = Buffer.alloc(headerVersion >= 2 ? 11 : 10)
  header.writeInt16BE(line.key, 0)
  header.writeInt16BE(line.version, 2)
  header.writeInt32BE(7, 4)
  header.writeInt16BE(-1, 8)
  const size = Buffer.alloc(4)
  size.writeInt32BE(header.length + body.length)
  return Buffer.concat([size, header, body])
}

export function goldenFrames(): Buffer[] {
  const headerVersions = new Map<string, number>()
  const frames: Buffer[] = []
  for (const line of lines('headers.jsonl.gz')) {
    if (line.kind !== 'request-frame') continue
    headerVersions.set(`${line.key}/${line.version}`, line.headerVersion ?? 1)
    frames.push(Buffer.from(line.hex, 'hex'))
  }
  for (const line of lines('wire.jsonl.gz')) {
    const headerVersion = headerVersions.get(`${line.key}/${line.version}`)
    if (line.kind === 'request' && headerVersion !== undefined) frames.push(frame(line, headerVersion))
  }
  return frames
}
