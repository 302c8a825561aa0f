/**
 * A change of the metadata in pieces that are followed one after the other, with turns of the event loop between them.
 *
 * A partition that is new here has folders and files made; thousands of them at once would hold up votes, heartbeats and
 * everybody else's requests for seconds. What changes about known partitions is cheap, and stays together.
 */
import type { MetadataDelta, PartitionChange } from '../coordination/metadata/delta.ts'

const NOTHING: MetadataDelta = {
  topicsCreated: [],
  topicsDeleted: [],
  partitionsChanged: [],
  configsChanged: [],
  brokersChanged: [],
  featuresChanged: [],
  producerIdsChanged: false,
  quotasChanged: [],
  aclsChanged: false,
  scramUsersChanged: false,
  delegationTokensChanged: false,
  controllersChanged: false,
}

/** In order; none has more than `newPartitionsMax` new partitions, and all but partitions is in the first. */
export function* deltaSlices(delta: MetadataDelta, newPartitionsMax: number): Generator<MetadataDelta> {
  let rest: Omit<MetadataDelta, 'partitionsChanged'> = delta
  let slice: PartitionChange[] = []
  let newPartitions = 0
  for (const change of delta.partitionsChanged) {
    if (change.before === undefined && newPartitions === newPartitionsMax) {
      yield { ...rest, partitionsChanged: slice }
      rest = NOTHING
      slice = []
      newPartitions = 0
    }
    slice.push(change)
    if (change.before === undefined) newPartitions++
  }
  yield { ...rest, partitionsChanged: slice }
}
