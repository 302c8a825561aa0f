/**
 * `quorum-state`: term, vote and leader of a voter, kept as JSON with these fields (KIP-595, KIP-853).
 */
import { array, type Input, int32, int64, string, struct, uuid, type Value } from '../schema/field.ts'
import { message } from '../schema/message.ts'

export const quorumStateData = message({
  name: 'QuorumStateData',
  versions: [0, 1],
  flexibleSince: 0,
  fields: {
    clusterId: string({ until: 0 }),
    leaderId: int32({ default: -1 }),
    leaderEpoch: int32({ default: -1 }),
    votedId: int32({ default: -1 }),
    votedDirectoryId: uuid({ since: 1 }),
    appliedOffset: int64({ until: 0 }),
    currentVoters: array(struct({ voterId: int32({ until: 0 }) }), { until: 0, nullable: true }),
  },
})
export type QuorumStateData = Value<typeof quorumStateData>
export type QuorumStateDataInput = Input<typeof quorumStateData>
