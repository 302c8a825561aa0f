/**
 * How a client sees the cluster: through the listener that it came in by, with what it may do.
 *
 * A listener without an advertised address answers the very address that the client dialled, for that one is
 * known to work; so one machine needs no listener configuration at all.
 */
import type { MetadataView } from '../coordination/metadata/describe/describe-metadata.ts'
import type { Call } from './handler.ts'

/** Bit sets of all operations that a resource knows, by Kafka's numbers (KIP-430). */
export const allOperations = { topic: 3_576, cluster: 8_096, group: 3_400 } as const

/** Whom a client shall ask to administer: the active controller where it is a broker, else this one, which forwards. */
function controllerFor({ broker }: Call<never>): number {
  const { image, status } = broker.quorum
  return status.leaderId < 0 || image.brokers.has(status.leaderId) ? status.leaderId : broker.config.nodeId
}

export function clientView(call: Call<never>): MetadataView {
  const { broker, connection } = call
  const { listenerName, socket } = connection
  const advertised = broker.config.advertised.has(listenerName)
  return {
    nodeId: broker.config.nodeId,
    listenerName,
    dialled: advertised ? null : { host: socket.localAddress, port: socket.localPort },
    clusterId: broker.quorum.clusterId,
    controllerId: controllerFor(call),
    mayDescribe: () => true,
    topicOperations: () => allOperations.topic,
    clusterOperations: allOperations.cluster,
  }
}
