/**
 * The principal that an Envelope carries from a broker to the controller (KIP-590).
 */
import { bool, type Input, string, type Value } from '../schema/field.ts'
import { message } from '../schema/message.ts'

export const defaultPrincipalData = message({
  name: 'DefaultPrincipalData',
  versions: [0, 0],
  flexibleSince: 0,
  fields: { type: string(), name: string(), tokenAuthenticated: bool() },
})
export type DefaultPrincipalData = Value<typeof defaultPrincipalData>
export type DefaultPrincipalDataInput = Input<typeof defaultPrincipalData>
