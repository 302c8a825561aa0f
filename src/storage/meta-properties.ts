/**
 * The text of `meta.properties`: which node and cluster a log directory belongs to (version 1, KIP-631, KIP-858).
 *
 * Java properties, as far as Kafka uses them: comment lines, `key=value`, any order. Keys we do not know are
 * kept out of the way, never refused.
 */
import { isUuid } from '../protocol/uuid.ts'

export interface MetaProperties {
  readonly nodeId: number
  readonly clusterId: string
  /** base64url, like a topic id. */
  readonly directoryId: string
}

export function encodeMetaProperties(properties: MetaProperties): Buffer {
  const lines = [
    '#',
    `cluster.id=${properties.clusterId}`,
    'version=1',
    `directory.id=${properties.directoryId}`,
    `node.id=${properties.nodeId}`,
  ]
  return Buffer.from(`${lines.join('\n')}\n`)
}

function parseProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const trimmed = line.trim()
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith('!')) continue
    const separator = trimmed.search(/[=:]/)
    if (separator < 0) continue
    properties.set(
      trimmed.slice(0, separator).trim(),
      trimmed
        .slice(separator + 1)
        .trim()
        .replaceAll('\\', ''),
    )
  }
  return properties
}

/** null when the file is torn or of another version. */
export function decodeMetaProperties(content: Buffer): MetaProperties | null {
  const properties = parseProperties(content.toString('utf8'))
  const nodeId = properties.get('node.id')
  const clusterId = properties.get('cluster.id')
  const directoryId = properties.get('directory.id')
  if (properties.get('version') !== '1' || nodeId === undefined || !/^\d{1,10}$/.test(nodeId)) return null
  if (clusterId === undefined || clusterId === '' || directoryId === undefined || !isUuid(directoryId))
    return null
  return { nodeId: Number(nodeId), clusterId, directoryId }
}
