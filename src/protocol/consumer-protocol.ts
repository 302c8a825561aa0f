/**
 * What members of a classic consumer group tell each other inside JoinGroup and SyncGroup: subscription and
 * assignment (KIP-429, KIP-792). Brokers relay them; only tools and our own client look inside.
 */
import { array, bytes, type Input, int32, string, struct, type Value } from './schema/field.ts'
import { message } from './schema/message.ts'

export const consumerProtocolSubscription = message({
  name: 'ConsumerProtocolSubscription',
  versions: [0, 3],
  fields: {
    topics: array(string()),
    userData: bytes({ nullable: true, default: null }),
    ownedPartitions: array(
      struct({ topic: string({ since: 1 }), partitions: array(int32(), { since: 1 }) }),
      { since: 1, ignorable: true },
    ),
    generationId: int32({ since: 2, default: -1, ignorable: true }),
    rackId: string({ since: 3, nullable: true, default: null, ignorable: true }),
  },
})
export type ConsumerProtocolSubscription = Value<typeof consumerProtocolSubscription>
export type ConsumerProtocolSubscriptionInput = Input<typeof consumerProtocolSubscription>

export const consumerProtocolAssignment = message({
  name: 'ConsumerProtocolAssignment',
  versions: [0, 3],
  fields: {
    assignedPartitions: array(struct({ topic: string(), partitions: array(int32()) })),
    userData: bytes({ nullable: true, default: null }),
  },
})
export type ConsumerProtocolAssignment = Value<typeof consumerProtocolAssignment>
export type ConsumerProtocolAssignmentInput = Input<typeof consumerProtocolAssignment>
