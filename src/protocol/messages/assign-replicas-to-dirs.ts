/**
 * AssignReplicasToDirs (73): tells the controller which directory holds a replica (KIP-858).
 */
import { array, type Input, int16, int32, int64, struct, uuid, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const assignReplicasToDirs = api({
  key: 73,
  name: 'AssignReplicasToDirs',
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['controller'],
  request: {
    brokerId: int32(),
    brokerEpoch: int64({ default: -1n }),
    directories: array(
      struct({
        id: uuid(),
        topics: array(struct({ topicId: uuid(), partitions: array(struct({ partitionIndex: int32() })) })),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    directories: array(
      struct({
        id: uuid(),
        topics: array(
          struct({
            topicId: uuid(),
            partitions: array(struct({ partitionIndex: int32(), errorCode: int16() })),
          }),
        ),
      }),
    ),
  },
})

export type AssignReplicasToDirsRequest = Value<typeof assignReplicasToDirs.request>
export type AssignReplicasToDirsRequestInput = Input<typeof assignReplicasToDirs.request>
export type AssignReplicasToDirsResponse = Value<typeof assignReplicasToDirs.response>
export type AssignReplicasToDirsResponseInput = Input<typeof assignReplicasToDirs.response>
