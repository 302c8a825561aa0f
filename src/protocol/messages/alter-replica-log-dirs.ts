/**
 * AlterReplicaLogDirs (34): moves replicas between the log directories of a broker (KIP-113).
 */
import { array, type Input, int16, int32, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const alterReplicaLogDirs = api({
  key: 34,
  name: 'AlterReplicaLogDirs',
  versions: [1, 2],
  flexibleSince: 2,
  listeners: ['broker'],
  request: {
    dirs: array(
      struct({ path: string(), topics: array(struct({ name: string(), partitions: array(int32()) })) }),
    ),
  },
  response: {
    throttleTimeMs: int32(),
    results: array(
      struct({
        topicName: string(),
        partitions: array(struct({ partitionIndex: int32(), errorCode: int16() })),
      }),
    ),
  },
})

export type AlterReplicaLogDirsRequest = Value<typeof alterReplicaLogDirs.request>
export type AlterReplicaLogDirsRequestInput = Input<typeof alterReplicaLogDirs.request>
export type AlterReplicaLogDirsResponse = Value<typeof alterReplicaLogDirs.response>
export type AlterReplicaLogDirsResponseInput = Input<typeof alterReplicaLogDirs.response>
