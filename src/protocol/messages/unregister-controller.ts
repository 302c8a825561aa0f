/**
 * UnregisterController (94): forgets a controller.
 */
import { type Input, int16, int32, string, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const unregisterController = api({
  key: 94,
  name: 'UnregisterController',
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['broker', 'controller'],
  request: { controllerId: int32() },
  response: { throttleTimeMs: int32(), errorCode: int16(), errorMessage: string({ nullable: true }) },
})

export type UnregisterControllerRequest = Value<typeof unregisterController.request>
export type UnregisterControllerRequestInput = Input<typeof unregisterController.request>
export type UnregisterControllerResponse = Value<typeof unregisterController.response>
export type UnregisterControllerResponseInput = Input<typeof unregisterController.response>
