/**
 * ReadShareGroupStateSummary (87): reads how far a share partition has come, between brokers (KIP-932).
 */
import { array, type Input, int16, int32, int64, string, struct, uuid, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const readShareGroupStateSummary = api({
  key: 87,
  name: 'ReadShareGroupStateSummary',
  versions: [0, 1],
  flexibleSince: 0,
  listeners: ['broker'],
  request: {
    groupId: string(),
    topics: array(
      struct({ topicId: uuid(), partitions: array(struct({ partition: int32(), leaderEpoch: int32() })) }),
    ),
  },
  response: {
    results: array(
      struct({
        topicId: uuid(),
        partitions: array(
          struct({
            partition: int32(),
            errorCode: int16(),
            errorMessage: string({ nullable: true, default: null }),
            stateEpoch: int32(),
            leaderEpoch: int32(),
            startOffset: int64(),
            deliveryCompleteCount: int32({ since: 1, default: -1, ignorable: true }),
          }),
        ),
      }),
    ),
  },
})

export type ReadShareGroupStateSummaryRequest = Value<typeof readShareGroupStateSummary.request>
export type ReadShareGroupStateSummaryRequestInput = Input<typeof readShareGroupStateSummary.request>
export type ReadShareGroupStateSummaryResponse = Value<typeof readShareGroupStateSummary.response>
export type ReadShareGroupStateSummaryResponseInput = Input<typeof readShareGroupStateSummary.response>
