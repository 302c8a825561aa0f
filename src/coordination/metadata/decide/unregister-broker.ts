/**
 * UnregisterBroker: the cluster forgets a broker that will not come back (KIP-500).
 *
 * Its replicas stay listed in their partitions, where a reassignment can move them. Its cordon goes with it: a broker that
 * gets its id later shall be of use.
 */
import { errorCode } from '../../../protocol/errors.ts'
import type {
  UnregisterBrokerRequest,
  UnregisterBrokerResponseInput,
} from '../../../protocol/messages/unregister-broker.ts'
import { configResourceType } from '../../configs/definition.ts'
import type { NodeFacts } from '../config-layers.ts'
import type { MetadataDecision } from '../decision.ts'
import { electionRecords, nothingLost } from '../elections.ts'
import { configsOf, type MetadataImage } from '../image.ts'
import type { MetadataRecord } from '../record.ts'

const CORDON = 'cordoned.log.dirs'

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
      ...cordonLifted(image, broker.id),
      ...electionRecords(without, node, { broker: broker.id, isNewLife: false, lossOf: nothingLost }),
    ],
    reply: { throttleTimeMs: 0, errorCode: 0, errorMessage: null },
  }
}

function cordonLifted(image: MetadataImage, brokerId: number): MetadataRecord[] {
  const resource = { type: configResourceType.broker, name: String(brokerId) }
  if (configsOf(image, resource).get(CORDON) === undefined) return []
  const value = { resourceType: resource.type, resourceName: resource.name, name: CORDON, value: null }
  return [{ type: 'ConfigRecord', value }]
}
