/**
 * This node's part of the metadata quorum, as its configuration and its disk have it.
 */
import type { World } from '../../runtime/world.ts'
import type { BrokerStorage } from '../broker-storage.ts'
import type { BrokerConfig } from '../config/broker-config.ts'
import type { Settings } from '../config/settings.ts'
import { readPeerTls } from '../config/tls-material.ts'
import type { ClusterQuorum } from './metadata-quorum.ts'
import { openRaftQuorum } from './open-raft-quorum.ts'

/** Opens the quorum's log and takes part; nobody needs to lead yet. Rejects with an error for people. */
export async function openNodeQuorum(
  config: BrokerConfig,
  settings: Settings,
  storage: BrokerStorage,
  world: World,
): Promise<ClusterQuorum> {
  const { voters, listener, listenerName, tls } = config.quorum
  const options = {
    clusterId: storage.clusterId,
    nodeId: config.nodeId,
    directoryId: storage.metadataDirectoryId,
    voters,
    listener: listener === null ? null : { host: listener.host, port: listener.port },
    listenerName,
    tls: tls === null ? null : readPeerTls(world.disk, tls),
    timeouts: {
      electionTimeoutMs: settings.number('controller.quorum.election.timeout.ms'),
      fetchTimeoutMs: settings.number('controller.quorum.fetch.timeout.ms'),
    },
    bytesBetweenSnapshots: () => settings.number('metadata.log.max.record.bytes.between.snapshots'),
    snapshotIntervalMs: () => settings.number('metadata.log.max.snapshot.interval.ms'),
  }
  const { metadataLog: log, metadataSnapshots: snapshots, metadataFolder: folder } = storage
  const quorum = await openRaftQuorum(options, { log, snapshots, folder }, world)
  await quorum.start()
  return quorum
}
