/**
 * DescribeLogDirs (35), versions 1–5: every log directory with its replicas, their sizes, and the space that is
 * left. A directory that failed answers 56 for itself (KIP-113, KIP-827); a cordoned one says so (KIP-1066).
 */
import { errorCode } from '../../protocol/errors.ts'
import {
  type DescribeLogDirsRequest,
  type DescribeLogDirsResponseInput,
  describeLogDirs,
} from '../../protocol/messages/describe-log-dirs.ts'
import type { DirectoryDescription, ReplicaDescription } from '../../storage/log-directory-description.ts'
import { METADATA_TOPIC } from '../broker-storage.ts'
import { serve } from '../handler.ts'

type Result = DescribeLogDirsResponseInput['results'][number]
type Topic = Result['topics'][number]

/** Whether a replica was asked for; null asks for all, but never for the metadata log. */
function wantedReplicas(request: DescribeLogDirsRequest): (replica: ReplicaDescription) => boolean {
  if (request.topics === null) return (replica) => replica.topic !== METADATA_TOPIC
  const wanted = new Set(
    request.topics.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => `${topic}\0${partition}`),
    ),
  )
  return (replica) => wanted.has(`${replica.topic}\0${replica.partition}`)
}

function topicsOf(replicas: readonly ReplicaDescription[]): Topic[] {
  const byTopic = new Map<string, Topic['partitions'][number][]>()
  for (const replica of replicas) {
    const partitions = byTopic.get(replica.topic) ?? []
    byTopic.set(replica.topic, partitions)
    partitions.push({
      partitionIndex: replica.partition,
      partitionSize: BigInt(replica.sizeBytes),
      offsetLag: BigInt(replica.offsetLag),
      isFutureKey: replica.isFuture,
    })
  }
  return [...byTopic].map(([name, partitions]) => ({ name, partitions }))
}

function resultOf(
  directory: DirectoryDescription,
  wanted: (replica: ReplicaDescription) => boolean,
  isCordoned: boolean,
): Result {
  return {
    errorCode: directory.isOffline ? errorCode.KAFKA_STORAGE_ERROR : 0,
    logDir: directory.path,
    topics: topicsOf(directory.replicas.filter(wanted)),
    totalBytes: BigInt(directory.totalBytes),
    usableBytes: BigInt(directory.usableBytes),
    isCordoned,
  }
}

export const describeLogDirsHandler = serve(describeLogDirs, (request, call) => {
  const wanted = wantedReplicas(request)
  const { logs, quorum, config } = call.broker
  // As the controller has it: from then on nothing new is placed there.
  const cordoned = quorum.image.brokers.get(config.nodeId)?.cordonedDirectories ?? []
  const idOf = new Map(logs.directories.map(({ path, properties }) => [path, properties?.directoryId ?? '']))
  call.reply({
    throttleTimeMs: 0,
    errorCode: 0,
    results: logs
      .describe()
      .map((directory) => resultOf(directory, wanted, cordoned.includes(idOf.get(directory.path) ?? ''))),
  })
})
