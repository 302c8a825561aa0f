/**
 * Reads what a broker that has stopped in order left of a replica: its batches, and what it had derived from them.
 *
 * It reads the files, never the broker, and judges nothing.
 */
import {
  baseSequence,
  hasProducerId,
  lastOffset,
  lastOffsetDelta,
  producerId,
} from '../../protocol/records/batch.ts'
import { joinPath } from '../../runtime/disk.ts'
import { decodeEpochStarts, decodePartitionOffsets } from '../../storage/checkpoint.ts'
import { LEADER_EPOCH_FILE } from '../../storage/log-files.ts'
import { sequenceAfter } from '../../storage/producer-entry.ts'
import { decodeProducerSnapshot } from '../../storage/producer-snapshot.ts'
import { segmentFileName } from '../../storage/segment-names.ts'
import type { ProducedBatch, StoppedReplica } from '../history.ts'
import { DATA, type SimulatedNode } from '../simulated-node.ts'
import { contentOf, wholeBatches } from './replica-track.ts'

const LOG_START_FILE = 'log-start-offset-checkpoint'

export function stoppedReplica(
  node: SimulatedNode,
  { topic, partition, isCompacted }: { topic: string; partition: number; isCompacted: boolean },
): StoppedReplica {
  const folder = joinPath(DATA, `${topic}-${partition}`)
  const bytes = node.segmentBytes(topic, partition)
  const batches = [...wholeBatches(bytes)]
  const endOffset = (batches.at(-1)?.lastOffset ?? -1) + 1
  const epochs = contentOf(node.disk, joinPath(folder, LEADER_EPOCH_FILE))
  const snapshot = contentOf(node.disk, joinPath(folder, segmentFileName(endOffset, 'snapshot')))
  return {
    topic,
    partition,
    node: node.id,
    isCompacted,
    startOffset: startOffsetOf(node, topic, partition) ?? batches[0]?.baseOffset ?? 0,
    batches,
    produced: batches
      .filter(({ position }) => hasProducerId(bytes, position))
      .map(({ position }) => producedAt(bytes, position)),
    epochs: (epochs === null ? null : decodeEpochStarts(epochs)) ?? [],
    remembered: ((snapshot === null ? null : decodeProducerSnapshot(snapshot)) ?? []).flatMap((entry) =>
      entry.batches.map((batch) => ({ producerId: entry.producerId, ...batch })),
    ),
  }
}

/** Where the log begins, if that is not where its first segment does. */
function startOffsetOf({ disk }: SimulatedNode, topic: string, partition: number): number | undefined {
  const content = contentOf(disk, joinPath(DATA, LOG_START_FILE))
  const lines = content === null ? null : decodePartitionOffsets(content)
  return lines?.find((line) => line.topic === topic && line.partition === partition)?.offset
}

function producedAt(bytes: Buffer, position: number): ProducedBatch {
  return {
    producerId: producerId(bytes, position),
    lastSequence: sequenceAfter(baseSequence(bytes, position), lastOffsetDelta(bytes, position)),
    lastOffset: lastOffset(bytes, position),
  }
}
