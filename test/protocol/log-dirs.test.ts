/** Every record in the log directories of a stopped Kafka 4.3.1: read, and its stored records written again. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { isControl } from '../../src/protocol/records/batch.ts'
import { decodeControlRecord, encodeControlRecord } from '../../src/protocol/records/control.ts'
import { readRecordSet } from '../../src/protocol/records/record-set.ts'
import { decodeGroupRecord, encodeGroupRecord } from '../../src/protocol/stored/groups.ts'
import { decodeMetadataRecord, encodeMetadataRecord } from '../../src/protocol/stored/metadata.ts'
import { decodeShareStateRecord, encodeShareStateRecord } from '../../src/protocol/stored/share-state.ts'
import {
  decodeTransactionRecord,
  encodeTransactionRecord,
} from '../../src/protocol/stored/transaction-log.ts'
import type { Decoded } from '../../src/protocol/wire-error.ts'

/** The files of a tar archive, by name. */
function filesOf(archive: string): ReadonlyMap<string, Buffer> {
  const tar = gunzipSync(readFileSync(join(import.meta.dirname, '..', 'golden', 'log-dirs', archive)))
  const files = new Map<string, Buffer>()
  for (let at = 0; at + 512 <= tar.length; ) {
    const name = tar.toString('utf8', at, at + 100).replace(/\0.*$/s, '')
    if (name === '') break
    const sizeBytes = Number.parseInt(tar.toString('latin1', at + 124, at + 136), 8)
    files.set(name, tar.subarray(at + 512, at + 512 + sizeBytes))
    at += 512 + Math.ceil(sizeBytes / 512) * 512
  }
  return files
}

function ok<T>(decoded: Decoded<T>): T {
  if (!decoded.ok) throw new Error(`${decoded.error.reason}: ${decoded.error.message}`)
  return decoded.value
}

interface Stored {
  readonly key: Buffer | null
  readonly value: Buffer | null
}

const versionOf = (value: Buffer | null): number | undefined => value?.readInt16BE(0)
const NONE = Buffer.alloc(0)

/** Reads a record of a topic and writes it again, in the version that it had. */
const again: Readonly<Record<string, (record: Stored) => Stored>> = {
  __cluster_metadata: ({ value }) => {
    const bytes = value ?? NONE
    return { key: null, value: encodeMetadataRecord(ok(decodeMetadataRecord(bytes)), bytes[2]) }
  },
  __consumer_offsets: ({ key, value }) =>
    encodeGroupRecord(ok(decodeGroupRecord(key ?? NONE, value)), versionOf(value)),
  __transaction_state: ({ key, value }) =>
    encodeTransactionRecord(ok(decodeTransactionRecord(key ?? NONE, value)), versionOf(value)),
  __share_group_state: ({ key, value }) =>
    encodeShareStateRecord(ok(decodeShareStateRecord(key ?? NONE, value)), versionOf(value)),
}

describe.each(['whole-clean.tar.gz', 'whole-unclean.tar.gz'])('%s', (archive) => {
  test('every record of every log', () => {
    const counts = new Map<string, number>()
    for (const [name, bytes] of filesOf(archive)) {
      if (!name.endsWith('.log') || bytes.length === 0) continue
      const topic = /([^/]+)-\d+\/\d+\.log$/.exec(name)?.[1] ?? ''
      for (const batch of ok(readRecordSet(bytes, 2 ** 24)).batches) {
        for (const record of batch.records ?? []) {
          const kind = isControl(bytes, batch.position) ? 'control' : topic
          counts.set(kind, (counts.get(kind) ?? 0) + 1)
          if (kind === 'control') {
            const control = ok(decodeControlRecord(record.key ?? NONE, record.value ?? NONE))
            expect(encodeControlRecord(control)).toEqual({ key: record.key, value: record.value })
          } else if (again[topic] !== undefined) {
            expect(again[topic](record)).toEqual({ key: record.key, value: record.value })
          }
        }
      }
    }
    for (const kind of ['control', 'plain', 'compact', 'txn', ...Object.keys(again)]) {
      expect(counts.get(kind) ?? 0, kind).toBeGreaterThan(0)
    }
  })
})
