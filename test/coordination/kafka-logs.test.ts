/** Logs that Kafka wrote, read as ours: its metadata log and snapshot give one image, its groups log gives its groups. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { applyRecord, applyTransactionEnd } from '../../src/coordination/groups/apply.ts'
import { type CommittedOffset, committedOffset, emptyGroups } from '../../src/coordination/groups/state.ts'
import {
  configsOf,
  emptyImage,
  type MetadataImage,
  topicByName,
} from '../../src/coordination/metadata/image.ts'
import type { MetadataRecord } from '../../src/coordination/metadata/record.ts'
import { snapshotRecords } from '../../src/coordination/metadata/snapshot.ts'
import {
  BATCH_HEADER_BYTES,
  baseOffset,
  batchSizeBytes,
  isControl,
  isTransactional,
  producerId,
  recordCount,
} from '../../src/protocol/records/batch.ts'
import { decodeRecords } from '../../src/protocol/records/record.ts'
import { decodeGroupRecord } from '../../src/protocol/stored/groups.ts'
import { decodeMetadataRecord } from '../../src/protocol/stored/metadata.ts'
import { applied, plain } from './metadata/support.ts'

const archive = join(import.meta.dirname, '../golden/log-dirs/whole-clean.tar.gz')

interface ReadRecord {
  readonly offset: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly isControl: boolean
  /** -1 outside transactions. */
  readonly producerId: bigint
}

/** The records of a log or snapshot in the archive; none of them is compressed. */
function recordsOf(file: string): ReadRecord[] {
  const bytes = execFileSync('tar', ['xzOf', archive, `./${file}`], { maxBuffer: 1 << 26 })
  const records: ReadRecord[] = []
  for (let position = 0; position < bytes.length; position += batchSizeBytes(bytes, position)) {
    const end = position + batchSizeBytes(bytes, position)
    const read = decodeRecords(
      bytes.subarray(position + BATCH_HEADER_BYTES, end),
      recordCount(bytes, position),
    )
    if (!read.ok) throw new Error(read.error.message)
    for (const { key, value, offsetDelta } of read.value) {
      records.push({
        offset: baseOffset(bytes, position) + offsetDelta,
        key,
        value,
        isControl: isControl(bytes, position),
        producerId: isTransactional(bytes, position) ? producerId(bytes, position) : -1n,
      })
    }
  }
  return records
}

function metadataRecords(records: readonly ReadRecord[]): MetadataRecord[] {
  return records
    .filter((record) => !record.isControl)
    .map(({ value }) => {
      const read = decodeMetadataRecord(value ?? Buffer.alloc(0))
      if (!read.ok) throw new Error(read.error.message)
      return read.value
    })
}

/** Its snapshot forgets which broker got the last producer ids, and lists features in another order. */
function comparable(image: MetadataImage): unknown {
  let { brokers } = image
  for (const [id, broker] of brokers) {
    const features = [...broker.features].sort((a, b) => (a.name < b.name ? -1 : 1))
    brokers = brokers.with(id, { ...broker, features })
  }
  return plain({ ...image, brokers, producerIds: image.producerIds.nextProducerId })
}

describe('the metadata log of Kafka', () => {
  const log = recordsOf('__cluster_metadata-0/00000000000000000000.log')

  it('gives the cluster that it was', () => {
    const image = applied(emptyImage, metadataRecords(log))
    expect([...image.topicIds.keys()]).toEqual(
      expect.arrayContaining(['__consumer_offsets', '__share_group_state', 'compact', 'plain', 'txn']),
    )
    expect(image.features.get('metadata.version')).toBe(30)
    expect(topicByName(image, 'plain')?.partitions.get(0)).toMatchObject({
      replicas: [1],
      // It was stopped with eligible leader replicas on: nobody is in sync, one may lead.
      isr: [],
      eligibleLeaderReplicas: [1],
      leader: -1,
    })
    expect(configsOf(image, { type: 2, name: 'plain' }).get('segment.ms')).toBe('400')
    expect([image.acls.size, image.scramUsers.size, image.quotas.size]).toEqual([1, 1, 1])
    expect(image.producerIds.nextProducerId).toBe(2000n)
    expect(image.openTransaction).toBeNull()
  })

  it('and its snapshot say the same', () => {
    const before = metadataRecords(log.filter(({ offset }) => offset < 97))
    const snapshot = recordsOf('__cluster_metadata-0/00000000000000000097-0000000001.checkpoint')
    const rebuilt = applied(emptyImage, metadataRecords(snapshot))
    expect(comparable(rebuilt)).toEqual(comparable(applied(emptyImage, before)))
    const ours = applied(emptyImage, [...snapshotRecords(rebuilt)])
    expect(plain(ours)).toEqual(plain(rebuilt))
  })
})

describe('the groups log of Kafka', () => {
  it('gives its classic group, its offsets, and word of the groups of newer protocols', () => {
    let state = emptyGroups
    const notices = new Set<string>()
    let inTransaction: CommittedOffset | undefined
    for (const record of recordsOf('__consumer_offsets-0/00000000000000000000.log')) {
      if (record.isControl) {
        const committed = record.key?.readInt16BE(2) === 1
        state = applyTransactionEnd(state, record.producerId, committed)
        inTransaction ??= committedOffset(state, 'tx-group', 'plain', 0)
        continue
      }
      const read = decodeGroupRecord(record.key ?? Buffer.alloc(0), record.value)
      if (!read.ok) throw new Error(read.error.message)
      const position = { offset: BigInt(record.offset), producerId: record.producerId }
      const outcome = applyRecord(state, read.value, position)
      state = outcome.state
      if (outcome.notice !== null) notices.add(outcome.notice.recordType)
    }
    expect(state.groups.get('classic')).toMatchObject({
      phase: 'Empty',
      generation: 3,
      protocolType: 'consumer',
      protocolName: null,
      leaderId: null,
    })
    expect(Object.fromEntries(state.foreign)).toMatchObject({ modern: 'consumer', sharing: 'share' })
    expect(committedOffset(state, 'modern', 'plain', 0)).toMatchObject({ offset: 120n, leaderEpoch: 0 })
    expect(inTransaction).toMatchObject({ offset: 30n, metadata: 'in a transaction' })
    // The group was deleted afterwards.
    expect([state.offsets.has('tx-group'), state.groups.has('tx-group')]).toEqual([false, false])
    expect(state.transactions.size).toBe(0)
    expect([...notices]).toContain('ConsumerGroupMetadata')
  })
})
