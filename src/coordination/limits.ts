/**
 * Bounds of the coordination room, with their units; each names the Kafka setting that it is, where there is one.
 *
 * Pure rooms may not import the runtime, so they keep their own.
 */
export const coordinationLimits = {
  /** Partitions that one CreateTopics or CreatePartitions request may add; Kafka's own bound on records of a batch. */
  partitionsPerRequestMax: 10_000,
  /** Partitions in one answer of DescribeTopicPartitions; `max.request.partition.size.limit`. */
  describedPartitionsMax: 2_000,
  /** Producer ids handed out at once; Kafka's block size. */
  producerIdBlockSize: 1_000,
  /** A rebalance is given at least this long, whatever the client says: Kafka evicts members that ask for 0 ms. */
  rebalanceTimeoutMsMin: 1_000,
  /** A new member whose join is not answered is forgotten after this long: it cannot send heartbeats yet. */
  newMemberJoinTimeoutMs: 300_000,
} as const
