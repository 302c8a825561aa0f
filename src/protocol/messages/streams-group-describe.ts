/**
 * StreamsGroupDescribe (89): shows streams groups (KIP-1071).
 */
import {
  array,
  bool,
  type Input,
  int8,
  int16,
  int32,
  int64,
  string,
  struct,
  uint16,
  type Value,
} from '../schema/field.ts'
import { api } from '../schema/message.ts'

const endpoint = struct({ host: string(), port: uint16() })

const taskOffset = struct({ subtopologyId: string(), partition: int32(), offset: int64() })

const taskIds = struct({ subtopologyId: string(), partitions: array(int32()) })

const assignment = struct({
  activeTasks: array(taskIds),
  standbyTasks: array(taskIds),
  warmupTasks: array(taskIds),
})

const keyValue = struct({ key: string(), value: string() })

const topicInfo = struct({
  name: string(),
  partitions: int32(),
  replicationFactor: int16(),
  topicConfigs: array(keyValue),
})

const topologyDescriptionNode = struct({
  name: string({ since: 1 }),
  nodeType: int8({ since: 1 }),
  sourceTopics: array(string(), { since: 1 }),
  sinkTopic: string({ since: 1, nullable: true, default: null }),
  stores: array(string(), { since: 1 }),
  successors: array(string(), { since: 1 }),
})

const topologyDescriptionSubtopology = struct({
  subtopologyId: string({ since: 1 }),
  nodes: array(topologyDescriptionNode, { since: 1 }),
})

const topologyDescriptionGlobalStore = struct({
  source: struct(topologyDescriptionNode.fields, { since: 1 }),
  processor: struct(topologyDescriptionNode.fields, { since: 1 }),
})

const topologyDescription = struct({
  subtopologies: array(topologyDescriptionSubtopology, { since: 1 }),
  globalStores: array(topologyDescriptionGlobalStore, { since: 1 }),
})

export const streamsGroupDescribe = api({
  key: 89,
  name: 'StreamsGroupDescribe',
  versions: [0, 1],
  flexibleSince: 0,
  listeners: ['broker'],
  request: {
    groupIds: array(string()),
    includeAuthorizedOperations: bool(),
    includeTopologyDescription: bool({ since: 1, default: false }),
  },
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
        topology: struct(
          {
            epoch: int32(),
            subtopologies: array(
              struct({
                subtopologyId: string(),
                sourceTopics: array(string()),
                repartitionSinkTopics: array(string()),
                stateChangelogTopics: array(topicInfo),
                repartitionSourceTopics: array(topicInfo),
              }),
              { nullable: true, default: null },
            ),
          },
          { nullable: true, default: null },
        ),
        members: array(
          struct({
            memberId: string(),
            memberEpoch: int32(),
            instanceId: string({ nullable: true, default: null }),
            rackId: string({ nullable: true, default: null }),
            clientId: string(),
            clientHost: string(),
            topologyEpoch: int32(),
            processId: string(),
            userEndpoint: struct(endpoint.fields, { nullable: true, default: null }),
            clientTags: array(keyValue),
            taskOffsets: array(taskOffset),
            taskEndOffsets: array(taskOffset),
            assignment: assignment,
            targetAssignment: assignment,
            isClassic: bool(),
          }),
        ),
        authorizedOperations: int32({ default: -2147483648 }),
        topologyDescription: struct(topologyDescription.fields, { since: 1, nullable: true, default: null }),
        topologyDescriptionStatus: int8({ since: 1, default: 0 }),
        assignorName: string({ since: 1, nullable: true, default: null, ignorable: true }),
      }),
    ),
  },
})

export type StreamsGroupDescribeRequest = Value<typeof streamsGroupDescribe.request>
export type StreamsGroupDescribeRequestInput = Input<typeof streamsGroupDescribe.request>
export type StreamsGroupDescribeResponse = Value<typeof streamsGroupDescribe.response>
export type StreamsGroupDescribeResponseInput = Input<typeof streamsGroupDescribe.response>
