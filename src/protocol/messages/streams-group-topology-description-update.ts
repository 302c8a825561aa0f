/**
 * StreamsGroupTopologyDescriptionUpdate (93): tells the broker a streams application's topology (KIP-1331).
 */
import { array, type Input, int8, int16, int32, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

const topologyDescriptionNode = struct({
  name: string(),
  nodeType: int8(),
  sourceTopics: array(string()),
  sinkTopic: string({ nullable: true, default: null }),
  stores: array(string()),
  successors: array(string()),
})

const topologyDescriptionSubtopology = struct({
  subtopologyId: string(),
  nodes: array(topologyDescriptionNode),
})

const topologyDescriptionGlobalStore = struct({
  source: topologyDescriptionNode,
  processor: topologyDescriptionNode,
})

const topologyDescription = struct({
  subtopologies: array(topologyDescriptionSubtopology),
  globalStores: array(topologyDescriptionGlobalStore),
})

export const streamsGroupTopologyDescriptionUpdate = api({
  key: 93,
  name: 'StreamsGroupTopologyDescriptionUpdate',
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['broker'],
  request: {
    groupId: string(),
    memberId: string(),
    topologyEpoch: int32(),
    topologyDescription: topologyDescription,
  },
  response: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: true, default: null }),
  },
})

export type StreamsGroupTopologyDescriptionUpdateRequest = Value<
  typeof streamsGroupTopologyDescriptionUpdate.request
>
export type StreamsGroupTopologyDescriptionUpdateRequestInput = Input<
  typeof streamsGroupTopologyDescriptionUpdate.request
>
export type StreamsGroupTopologyDescriptionUpdateResponse = Value<
  typeof streamsGroupTopologyDescriptionUpdate.response
>
export type StreamsGroupTopologyDescriptionUpdateResponseInput = Input<
  typeof streamsGroupTopologyDescriptionUpdate.response
>
