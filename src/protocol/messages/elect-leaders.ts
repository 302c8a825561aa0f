/**
 * ElectLeaders (43): elects preferred or unclean leaders (KIP-183, KIP-460).
 */
import { array, type Input, int8, int16, int32, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const electLeaders = api({
  key: 43,
  name: 'ElectLeaders',
  versions: [0, 2],
  flexibleSince: 2,
  listeners: ['broker', 'controller'],
  request: {
    electionType: int8({ since: 1 }),
    topicPartitions: array(struct({ topic: string(), partitions: array(int32()) }), { nullable: true }),
    timeoutMs: int32({ default: 60000 }),
  },
  response: {
    throttleTimeMs: int32(),
    errorCode: int16({ since: 1 }),
    replicaElectionResults: array(
      struct({
        topic: string(),
        partitionResult: array(
          struct({ partitionId: int32(), errorCode: int16(), errorMessage: string({ nullable: true }) }),
        ),
      }),
    ),
  },
})

export type ElectLeadersRequest = Value<typeof electLeaders.request>
export type ElectLeadersRequestInput = Input<typeof electLeaders.request>
export type ElectLeadersResponse = Value<typeof electLeaders.response>
export type ElectLeadersResponseInput = Input<typeof electLeaders.response>
