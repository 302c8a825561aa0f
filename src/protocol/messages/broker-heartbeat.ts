/**
 * BrokerHeartbeat (63): keeps a broker's lease with the controller (KIP-631).
 */
import { array, bool, type Input, int16, int32, int64, uuid, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const brokerHeartbeat = api({
  key: 63,
  name: 'BrokerHeartbeat',
  versions: [0, 2],
  flexibleSince: 0,
  listeners: ['controller'],
  request: {
    brokerId: int32(),
    brokerEpoch: int64({ default: -1n }),
    currentMetadataOffset: int64(),
    wantFence: bool(),
    wantShutDown: bool(),
    offlineLogDirs: array(uuid(), { since: 1, tag: 0 }),
    cordonedLogDirs: array(uuid(), { since: 2, nullable: true, tag: 1, default: null }),
  },
  response: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    isCaughtUp: bool({ default: false }),
    isFenced: bool({ default: true }),
    shouldShutDown: bool(),
  },
})

export type BrokerHeartbeatRequest = Value<typeof brokerHeartbeat.request>
export type BrokerHeartbeatRequestInput = Input<typeof brokerHeartbeat.request>
export type BrokerHeartbeatResponse = Value<typeof brokerHeartbeat.response>
export type BrokerHeartbeatResponseInput = Input<typeof brokerHeartbeat.response>
