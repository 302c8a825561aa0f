/**
 * UnregisterBroker: the cluster forgets a broker that will not come back (KIP-500).
 *
 * Its replicas stay listed in their partitions, where a reassignment can move them.
 */
import { errorCode } from '../../../protocol/errors.ts'
import type {
  UnregisterBrokerRequest,
  UnregisterBrokerResponseInput,
} from '../../../protocol/messages/unregister-broker.ts'
import type { NodeFacts } from '../config-layers.ts'
import type { MetadataDecision } from '../decision.ts'
import { electionRecords, nothingLost } from '../elections.ts'
import type { MetadataImage } from '../image.ts'

export function decideUnregisterBroker(
  image: MetadataImage,
  request: UnregisterBrokerRequest,
  node: NodeFacts,
): MetadataDecision<UnregisterBrokerResponseInput> {
  const broker = image.brokers.get(request.brokerId)
  if (broker === undefined) {
    const errorMessage = `Broker ID ${request.brokerId} is not currently registered`
    const reply = { throttleTimeMs: 0, errorCode: errorCode.BROKER_ID_NOT_REGISTERED, errorMessage }
    return { records: [], reply }
  }
  const without = { ...image, brokers: image.brokers.without(broker.id) }
  return {
    records: [
      {
        type: 'UnregisterBrokerRecord',
        value: { brokerId: broker.id, brokerEpoch: broker.epoch },
      },
      ...electionRecords(without, node, { broker: broker.id, isNewLife: false, lossOf: nothingLost }),
    ],
    reply: { throttleTimeMs: 0, errorCode: 0, errorMessage: null },
  }
}
