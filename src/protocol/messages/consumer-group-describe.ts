/**
 * ConsumerGroupDescribe (69): shows consumer groups with server-side assignment (KIP-848).
 */
import {
  array,
  bool,
  type Input,
  int8,
  int16,
  int32,
  string,
  struct,
  uuid,
  type Value,
} from '../schema/field.ts'
import { api } from '../schema/message.ts'

const topicPartitions = struct({ topicId: uuid(), topicName: string(), partitions: array(int32()) })

const assignment = struct({ topicPartitions: array(topicPartitions) })

export const consumerGroupDescribe = api({
  key: 69,
  name: 'ConsumerGroupDescribe',
  versions: [0, 1],
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
            instanceId: string({ nullable: true, default: null }),
            rackId: string({ nullable: true, default: null }),
            memberEpoch: int32(),
            clientId: string(),
            clientHost: string(),
            subscribedTopicNames: array(string()),
            subscribedTopicRegex: string({ nullable: true, default: null }),
            assignment: assignment,
            targetAssignment: assignment,
            memberType: int8({ since: 1, default: -1, ignorable: true }),
          }),
        ),
        authorizedOperations: int32({ default: -2147483648 }),
      }),
    ),
  },
})

export type ConsumerGroupDescribeRequest = Value<typeof consumerGroupDescribe.request>
export type ConsumerGroupDescribeRequestInput = Input<typeof consumerGroupDescribe.request>
export type ConsumerGroupDescribeResponse = Value<typeof consumerGroupDescribe.response>
export type ConsumerGroupDescribeResponseInput = Input<typeof consumerGroupDescribe.response>
