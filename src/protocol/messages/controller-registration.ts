/**
 * ControllerRegistration (70): registers a controller with the active one (KIP-919).
 */
import {
  array,
  bool,
  type Input,
  int16,
  int32,
  string,
  struct,
  uint16,
  uuid,
  type Value,
} from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const controllerRegistration = api({
  key: 70,
  name: 'ControllerRegistration',
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['controller'],
  request: {
    controllerId: int32(),
    incarnationId: uuid(),
    zkMigrationReady: bool(),
    listeners: array(struct({ name: string(), host: string(), port: uint16(), securityProtocol: int16() })),
    features: array(struct({ name: string(), minSupportedVersion: int16(), maxSupportedVersion: int16() })),
  },
  response: { throttleTimeMs: int32(), errorCode: int16(), errorMessage: string({ nullable: true }) },
})

export type ControllerRegistrationRequest = Value<typeof controllerRegistration.request>
export type ControllerRegistrationRequestInput = Input<typeof controllerRegistration.request>
export type ControllerRegistrationResponse = Value<typeof controllerRegistration.response>
export type ControllerRegistrationResponseInput = Input<typeof controllerRegistration.response>
