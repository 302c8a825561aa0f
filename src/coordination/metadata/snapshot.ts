/**
 * The records that rebuild an image: what a snapshot of the metadata log holds.
 *
 * Applied to the empty image they give an equal one. Features come first, since they say how the rest is to be read,
 * and a topic before its partitions. An open transaction is not in it: a snapshot ends where none is open.
 */
import type { MetadataImage, PartitionImage } from './image.ts'
import type { MetadataRecord } from './record.ts'

/** The records of `image`, in an order in which they can be applied. */
export function* snapshotRecords(image: MetadataImage): Generator<MetadataRecord> {
  for (const [name, featureLevel] of image.features)
    yield { type: 'FeatureLevelRecord', value: { name, featureLevel } }
  yield* clusterRecords(image)
  yield* topicRecords(image)
  for (const { resource, values } of image.configs.values()) {
    for (const [name, value] of values) {
      yield {
        type: 'ConfigRecord',
        value: { resourceType: resource.type, resourceName: resource.name, name, value },
      }
    }
  }
  for (const { entity, values } of image.quotas.values()) {
    for (const [key, value] of values) {
      yield { type: 'ClientQuotaRecord', value: { entity, key, value, remove: false } }
    }
  }
  if (image.producerIds.brokerId >= 0 || image.producerIds.nextProducerId > 0n) {
    yield { type: 'ProducerIdsRecord', value: image.producerIds }
  }
  for (const value of image.acls.values()) yield { type: 'AccessControlEntryRecord', value }
  for (const value of image.scramUsers.values()) yield { type: 'UserScramCredentialRecord', value }
  for (const value of image.delegationTokens.values()) yield { type: 'DelegationTokenRecord', value }
}

function* clusterRecords(image: MetadataImage): Generator<MetadataRecord> {
  for (const value of image.controllers.values()) yield { type: 'RegisterControllerRecord', value }
  for (const broker of image.brokers.values()) {
    yield {
      type: 'RegisterBrokerRecord',
      value: {
        brokerId: broker.id,
        isMigratingZkBroker: false,
        incarnationId: broker.incarnationId,
        brokerEpoch: broker.epoch,
        endPoints: broker.endPoints,
        features: broker.features,
        rack: broker.rack,
        fenced: broker.fenced,
        inControlledShutdown: broker.inControlledShutdown,
        logDirs: broker.directories,
        cordonedLogDirs: broker.cordonedDirectories.length === 0 ? null : broker.cordonedDirectories,
      },
    }
  }
}

function* topicRecords(image: MetadataImage): Generator<MetadataRecord> {
  for (const topic of image.topics.values()) {
    yield { type: 'TopicRecord', value: { name: topic.name, topicId: topic.id } }
    for (const [partitionId, partition] of topic.partitions) {
      yield partitionRecord(topic.id, partitionId, partition)
    }
  }
}

/** The record that makes a partition be as `partition` says. */
export function partitionRecord(
  topicId: string,
  partitionId: number,
  partition: PartitionImage,
): MetadataRecord {
  return {
    type: 'PartitionRecord',
    value: {
      partitionId,
      topicId,
      replicas: partition.replicas,
      isr: partition.isr,
      removingReplicas: partition.removingReplicas,
      addingReplicas: partition.addingReplicas,
      leader: partition.leader,
      leaderRecoveryState: partition.leaderRecoveryState,
      leaderEpoch: partition.leaderEpoch,
      partitionEpoch: partition.partitionEpoch,
      directories: partition.directories,
      eligibleLeaderReplicas: nullWhenEmpty(partition.eligibleLeaderReplicas),
      lastKnownElr: nullWhenEmpty(partition.lastKnownEligibleLeaderReplicas),
    },
  }
}

/** Kafka writes these tagged fields only where there is something to say. */
function nullWhenEmpty(replicas: readonly number[]): readonly number[] | null {
  return replicas.length === 0 ? null : replicas
}
