/**
 * Headers of requests and responses. A flexible request header still has a client id of the old form.
 */
import { type Input, int16, int32, string, type Value } from './schema/field.ts'
import { message } from './schema/message.ts'

export const requestHeader = message({
  name: 'RequestHeader',
  versions: [1, 2],
  flexibleSince: 2,
  fields: {
    requestApiKey: int16(),
    requestApiVersion: int16(),
    correlationId: int32(),
    clientId: string({ nullable: true, flexible: false }),
  },
})
export type RequestHeader = Value<typeof requestHeader>
export type RequestHeaderInput = Input<typeof requestHeader>

export const responseHeader = message({
  name: 'ResponseHeader',
  versions: [0, 1],
  flexibleSince: 1,
  fields: { correlationId: int32() },
})
export type ResponseHeader = Value<typeof responseHeader>
export type ResponseHeaderInput = Input<typeof responseHeader>
