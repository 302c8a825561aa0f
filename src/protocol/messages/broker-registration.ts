/**
 * BrokerRegistration (62): registers a starting broker with the controller (KIP-631).
 */
import {
  array,
  bool,
  type Input,
  int16,
  int32,
  int64,
  string,
  struct,
  uint16,
  uuid,
  type Value,
} from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const brokerRegistration = api({
  key: 62,
  name: 'BrokerRegistration',
  versions: [0, 4],
  flexibleSince: 0,
  listeners: ['controller'],
  request: {
    brokerId: int32(),
    clusterId: string(),
    incarnationId: uuid(),
    listeners: array(struct({ name: string(), host: string(), port: uint16(), securityProtocol: int16() })),
    features: array(struct({ name: string(), minSupportedVersion: int16(), maxSupportedVersion: int16() })),
    rack: string({ nullable: true }),
    isMigratingZkBroker: bool({ since: 1, default: false }),
    logDirs: array(uuid(), { since: 2, ignorable: true }),
    previousBrokerEpoch: int64({ since: 3, default: -1n, ignorable: true }),
  },
  response: { throttleTimeMs: int32(), errorCode: int16(), brokerEpoch: int64({ default: -1n }) },
})

export type BrokerRegistrationRequest = Value<typeof brokerRegistration.request>
export type BrokerRegistrationRequestInput = Input<typeof brokerRegistration.request>
export type BrokerRegistrationResponse = Value<typeof brokerRegistration.response>
export type BrokerRegistrationResponseInput = Input<typeof brokerRegistration.response>
