/**
 * The shape of a handler: one API, the versions of it that are served, and what is done for a request.
 *
 * A handler answers through its `Call`, at once or later, exactly once. It is never async itself: a promise
 * per request is what a hot path cannot afford; those that must wait for the quorum say so with `answerLater`.
 */
import type { Fields, StructInput, StructValue } from '../protocol/schema/field.ts'
import type { Api, VersionRange } from '../protocol/schema/message.ts'
import type { ControllerCommand } from './controller/command.ts'
import type { ClientConnection } from './network/client-connection.ts'
import type { BrokerServices } from './services.ts'

/** One request being answered. */
export interface Call<Response> {
  readonly apiVersion: number
  readonly clientId: string | null
  readonly connection: ClientConnection
  readonly broker: BrokerServices
  /** Answers; `sent` is called when the bytes have left, or never will. */
  reply(body: Response, sent?: () => void): void
  /** Ends a request that wants no answer (produce with acks=0). */
  replyNothing(): void
  /** Ends a request by closing its connection, as Kafka does where no answer can carry the error. */
  hangUp(reason: string): void
  /** Keeps the request's bytes from being reused; the answer is `release`, to be called once. */
  keepFrame(): () => void
}

/** A handler with its types forgotten, as the registry holds it. */
export interface Handler {
  readonly api: Api
  /** Versions that are served. */
  readonly versions: VersionRange
  /** Versions that ApiVersions tells, where that differs (Produce, KAFKA-18659). */
  readonly advertised: VersionRange
  readonly handle: (request: unknown, call: Call<unknown>) => void
}

export interface ServeOptions {
  readonly versions?: VersionRange
  readonly advertised?: VersionRange
}

/** Ties a function to the API that it serves, at every released version unless told otherwise. */
export function serve<Q extends Fields, R extends Fields>(
  api: Api<Q, R>,
  handle: (request: StructValue<Q>, call: Call<StructInput<R>>) => void,
  options: ServeOptions = {},
): Handler {
  const released = {
    min: api.versions.min,
    max: api.latestVersionUnstable ? api.versions.max - 1 : api.versions.max,
  }
  const versions = options.versions ?? released
  return {
    api: api as unknown as Api,
    versions,
    advertised: options.advertised ?? versions,
    // The dispatcher decodes with this very API's schema, so the value has this very type.
    handle: handle as unknown as Handler['handle'],
  }
}

/** An API whose requests the active controller carries out, whichever node takes them. */
export function serveByController<Q extends Fields, R extends Fields>(
  command: ControllerCommand<Q, R>,
  answerFor: (response: StructInput<R>, apiVersion: number) => StructInput<R> = (response) => response,
): Handler {
  return serve(command.api, (request, call) => {
    const { broker, apiVersion } = call
    const answer = broker.controller.call(command, apiVersion, request)
    answerLater(
      call,
      answer.then((response) => answerFor(response, apiVersion)),
    )
  })
}

/** Answers with what a promise brings. A rejection is a bug, told in the log and to the client by hanging up. */
export function answerLater<Response>(call: Call<Response>, answer: Promise<Response>): void {
  goOnLater(call, answer, (body) => call.reply(body))
}

/** Goes on with a request when a promise is kept; a rejection is a bug. */
export function goOnLater<Response, Result>(
  call: Call<Response>,
  work: Promise<Result>,
  goOn: (result: Result) => void,
): void {
  work.then(goOn, (error: unknown) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    call.broker.world.log.error('a request failed by a bug', { error: text })
    call.hangUp('internal error')
  })
}
