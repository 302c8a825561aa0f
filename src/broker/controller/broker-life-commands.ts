/** What brokers ask of the controller about themselves: to be registered, kept alive, given producer ids. */
import { decideAllocateProducerIds } from '../../coordination/metadata/decide/allocate-producer-ids.ts'
import { decideBrokerHeartbeat } from '../../coordination/metadata/decide/broker-heartbeat.ts'
import { decideRegisterBroker } from '../../coordination/metadata/decide/register-broker.ts'
import { allocateProducerIds } from '../../protocol/messages/allocate-producer-ids.ts'
import { brokerHeartbeat } from '../../protocol/messages/broker-heartbeat.ts'
import { brokerRegistration } from '../../protocol/messages/broker-registration.ts'
import { decided } from './command.ts'
import { toldRelaxed } from './told-flushing.ts'

/** A broker's own loops ask again, so one request need not wait long. */
const TIMEOUT_MS = 2_000
/** One that leaves goes without a farewell when nobody is there to hear it. */
const LEAVE_TIMEOUT_MS = 500

const registered = decided(brokerRegistration, {
  decide: (image, request, { quorum, node, hasLiveSession }, nextOffset) =>
    decideRegisterBroker(image, request, {
      ...node,
      clusterId: quorum.clusterId,
      nextOffset: BigInt(nextOffset),
      hasLiveSession: hasLiveSession(request.brokerId),
      relaxesFlushing: toldRelaxed(request._unknownTaggedFields),
    }),
  refuse: (_request, errorCode) => ({ throttleTimeMs: 0, errorCode, brokerEpoch: -1n }),
  timeoutMs: () => TIMEOUT_MS,
  servedByAll: false,
})

/** BrokerRegistration (62): a registered broker is heard of from then on. */
export const brokerRegistrationCommand: typeof registered = {
  ...registered,
  async carryOut(request, facts, apiVersion) {
    const reply = await registered.carryOut(request, facts, apiVersion)
    if (reply.errorCode === 0) facts.heardOf(request.brokerId, reply.brokerEpoch ?? -1n)
    return reply
  },
}

const beaten = decided(brokerHeartbeat, {
  decide: (image, request, { node }) => decideBrokerHeartbeat(image, request, node),
  refuse: (_request, errorCode) => ({ throttleTimeMs: 0, errorCode, shouldShutDown: false }),
  timeoutMs: ({ wantShutDown }) => (wantShutDown ? LEAVE_TIMEOUT_MS : TIMEOUT_MS),
  servedByAll: false,
})

/** BrokerHeartbeat (63): who beats in its current life is heard of, before anything is decided. */
export const brokerHeartbeatCommand: typeof beaten = {
  ...beaten,
  carryOut(request, facts, apiVersion) {
    const { brokerId, brokerEpoch } = request
    const known = facts.quorum.image.brokers.get(brokerId)
    if (known?.epoch === brokerEpoch && !request.wantShutDown) facts.heardOf(brokerId, brokerEpoch)
    return beaten.carryOut(request, facts, apiVersion)
  },
}

/** AllocateProducerIds (67). */
export const allocateProducerIdsCommand = decided(allocateProducerIds, {
  decide: decideAllocateProducerIds,
  refuse: (_request, errorCode) => ({ throttleTimeMs: 0, errorCode, producerIdStart: 0n, producerIdLen: 0 }),
  timeoutMs: () => TIMEOUT_MS,
  servedByAll: false,
})
