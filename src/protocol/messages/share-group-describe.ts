/**
 * ShareGroupDescribe (77): shows share groups (KIP-932).
 */
import { array, bool, type Input, int16, int32, string, struct, uuid, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

const topicPartitions = struct({ topicId: uuid(), topicName: string(), partitions: array(int32()) })

const assignment = struct({ topicPartitions: array(topicPartitions) })

export const shareGroupDescribe = api({
  key: 77,
  name: 'ShareGroupDescribe',
  versions: [1, 1],
  flexibleSince: 0,
  listeners: ['broker'],
  request: { groupIds: array(string()), includeAuthorizedOperations: bool() },
  response: {
    throttleTimeMs: int32(),
    groups: array(
      struct({
        errorCode: int16(),
        errorMessage: string({ nullable: true, default: null }),
        groupId: string(),
        groupState: string(),
        groupEpoch: int32(),
        assignmentEpoch: int32(),
        assignorName: string(),
        members: array(
          struct({
            memberId: string(),
            rackId: string({ nullable: true, default: null }),
            memberEpoch: int32(),
            clientId: string(),
            clientHost: string(),
            subscribedTopicNames: array(string()),
            assignment: assignment,
          }),
        ),
        authorizedOperations: int32({ default: -2147483648 }),
      }),
    ),
  },
})

export type ShareGroupDescribeRequest = Value<typeof shareGroupDescribe.request>
export type ShareGroupDescribeRequestInput = Input<typeof shareGroupDescribe.request>
export type ShareGroupDescribeResponse = Value<typeof shareGroupDescribe.response>
export type ShareGroupDescribeResponseInput = Input<typeof shareGroupDescribe.response>
