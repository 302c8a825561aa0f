/** AlterReplicaLogDirs (34), versions 1–2: moves replicas between log directories; answered when the move has begun. */
import {
  type AlterReplicaLogDirsResponseInput,
  alterReplicaLogDirs,
} from '../../protocol/messages/alter-replica-log-dirs.ts'
import { serve } from '../handler.ts'

type Result = NonNullable<AlterReplicaLogDirsResponseInput['results']>[number]

export const alterReplicaLogDirsHandler = serve(alterReplicaLogDirs, (request, call) => {
  const byTopic = new Map<string, { partitionIndex: number; errorCode: number }[]>()
  for (const { path, topics } of request.dirs) {
    for (const { name, partitions } of topics) {
      const results = byTopic.get(name) ?? []
      byTopic.set(name, results)
      for (const partitionIndex of partitions)
        results.push({ partitionIndex, errorCode: call.broker.moves.begin(name, partitionIndex, path) })
    }
  }
  const results = [...byTopic].map(([topicName, partitions]): Result => ({ topicName, partitions }))
  call.reply({ throttleTimeMs: 0, results })
})
