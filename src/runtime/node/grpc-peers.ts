/**
 * The port between nodes filled with gRPC: `Exchange` carries streams, `Command` carries calls (`quorum.proto`).
 *
 * Messages pass through as the bytes that they are; nothing is parsed here. Each stream has a connection of its own, so
 * that a dead machine is noticed by its pings, and one that is dialled anew is not held up by the last failure. Calls
 * share one connection for each address.
 */
import {
  type ChannelOptions,
  Client,
  type ClientDuplexStream,
  connectivityState,
  logVerbosity,
  Metadata,
  Server,
  type ServerCredentials,
  type ServerDuplexStream,
  type ServiceDefinition,
  type ServiceError,
  setLogVerbosity,
  status,
} from '@grpc/grpc-js'
import { limits } from '../limits.ts'
import {
  type PeerAddress,
  PeerCallError,
  type PeerHandlers,
  type PeerNetwork,
  type PeerReceiver,
  type PeerServer,
  type PeerStream,
  type PeerTls,
} from '../peers.ts'
import { presenceAt } from '../presence.ts'
import { createNodeClock } from './clock.ts'
import { clientCredentials, serverCredentials } from './grpc-credentials.ts'
import { nodeNetwork } from './network.ts'
import { explained } from './peer-trouble.ts'

const EXCHANGE = '/sluice.quorum.v1.SluiceQuorum/Exchange'
const COMMAND = '/sluice.quorum.v1.SluiceQuorum/Command'

// What it has to say reaches those who called; nothing else is written beside the broker's own log.
setLogVerbosity(logVerbosity.NONE)

const asIs = (bytes: Buffer): Buffer => bytes
const codec = {
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
}

const service: ServiceDefinition = {
  exchange: { path: EXCHANGE, requestStream: true, responseStream: true, ...codec },
  command: { path: COMMAND, requestStream: false, responseStream: false, ...codec },
}

const options: ChannelOptions = {
  'grpc.max_receive_message_length': limits.peerMessageBytesMax,
  'grpc.max_send_message_length': limits.peerMessageBytesMax,
  'grpc.keepalive_time_ms': limits.peerKeepaliveMs,
  'grpc.keepalive_timeout_ms': limits.peerKeepaliveTimeoutMs,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc-node.flow_control_window': limits.peerMessageBytesMax,
}

const clientOptions: ChannelOptions = {
  ...options,
  // A connection of its own, found and dialled at once: peers are neither balanced nor behind a proxy.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_http_proxy': 0,
  'grpc.enable_retries': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.initial_reconnect_backoff_ms': limits.peerRedialMsMin,
  'grpc.max_reconnect_backoff_ms': limits.peerRedialMsMax,
}

function clientOf({ host, port }: PeerAddress, tls: PeerTls | null): Client {
  const { secure, options: ofTls } = clientCredentials(host, tls)
  return new Client(hostAndPort(host, port), secure, { ...clientOptions, ...ofTls })
}

function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Either side's end of an Exchange. */
class GrpcStream implements PeerStream {
  readonly #call: ClientDuplexStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>
  readonly #hangUp: () => void
  readonly #explained: (message: string) => string
  #receiver: PeerReceiver | null = null
  #unsentBytes = 0
  #isClosed = false
  #error: Error | null = null

  constructor(
    call: ClientDuplexStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>,
    hangUp: () => void,
    explains: (message: string) => string = (message) => message,
  ) {
    this.#call = call
    this.#hangUp = hangUp
    this.#explained = explains
    call.on('data', (frame: Buffer) => {
      if (!this.#isClosed) this.#receiver?.received(frame)
    })
    call.on('error', (error: Error) =>
      this.#closed(new Error(this.#explained(error.message), { cause: error })),
    )
    call.on('cancelled', () => this.#closed(new Error('the other side hung up')))
    call.on('end', () => this.#closed(null))
    call.on('close', () => this.#closed(null))
  }

  get unsentBytes(): number {
    return this.#unsentBytes
  }

  /** In the turn in which the stream was made: frames come in later ones. */
  start(receiver: PeerReceiver): void {
    this.#receiver = receiver
    if (this.#isClosed) receiver.closed(this.#error)
  }

  send(frame: Buffer): void {
    if (this.#isClosed) return
    this.#unsentBytes += frame.length
    this.#call.write(frame, () => {
      this.#unsentBytes -= frame.length
    })
  }

  close(): void {
    this.#closed(null)
  }

  #closed(error: Error | null): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#error = error
    this.#hangUp()
    this.#receiver?.closed(error)
  }
}

function acceptStream(handlers: PeerHandlers, call: ServerDuplexStream<Buffer, Buffer>): GrpcStream {
  const stream = new GrpcStream(call, () => call.end())
  // The dialler learns now that somebody listens.
  call.sendMetadata(new Metadata())
  stream.start(handlers.accept(stream))
  return stream
}

/** Answers the port. An empty host is every interface, those of IPv4 alone where there are no others. */
async function bind(server: Server, host: string, port: number, secure: ServerCredentials): Promise<number> {
  const bindTo = (address: string): Promise<number> =>
    new Promise((resolve, reject) => {
      server.bindAsync(address, secure, (error, actual) => (error === null ? resolve(actual) : reject(error)))
    })
  try {
    if (host !== '') return await bindTo(hostAndPort(host, port))
    return await bindTo(hostAndPort('::', port)).catch(() => bindTo(hostAndPort('0.0.0.0', port)))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`cannot listen for peers on ${host}:${port}: ${reason}`)
  }
}

async function serve(
  host: string,
  port: number,
  handlers: PeerHandlers,
  tls: PeerTls | null,
): Promise<PeerServer> {
  const server = new Server(options)
  const streams = new Set<GrpcStream>()
  server.addService(service, {
    exchange: (call: ServerDuplexStream<Buffer, Buffer>) => {
      const stream = acceptStream(handlers, call)
      streams.add(stream)
      call.on('close', () => streams.delete(stream))
    },
    command: (
      call: { readonly request: Buffer },
      callback: (error: { code: status; details: string } | null, answer?: Buffer) => void,
    ) => {
      handlers.answer(call.request).then(
        (answer) => callback(null, answer),
        () => callback({ code: status.INTERNAL, details: 'the call failed' }),
      )
    },
  })
  const bound = await bind(server, host, port, serverCredentials(tls))
  return {
    port: bound,
    close() {
      for (const stream of streams) stream.close()
      server.forceShutdown()
      return Promise.resolve()
    },
  }
}

/** Resolves when the client is connected; rejects when the first attempt fails, or it is late. */
function connected(client: Client, untilMs: number): Promise<void> {
  const channel = client.getChannel()
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const state = channel.getConnectivityState(true)
      if (state === connectivityState.READY) resolve()
      else if (state === connectivityState.TRANSIENT_FAILURE || state === connectivityState.SHUTDOWN)
        reject(new Error('the connection failed'))
      else
        channel.watchConnectivityState(state, untilMs, (late) => {
          if (late === undefined) look()
          else reject(late)
        })
    }
    look()
  })
}

class GrpcPeers implements PeerNetwork {
  /** Clients for calls, the one used last at the end. */
  readonly #clients = new Map<string, Client>()
  readonly #clock = createNodeClock()

  serve(host: string, port: number, handlers: PeerHandlers, tls: PeerTls | null): Promise<PeerServer> {
    return serve(host, port, handlers, tls)
  }

  openStream(address: PeerAddress, tls: PeerTls | null, receiver: PeerReceiver): PeerStream {
    const client = clientOf(address, tls)
    const call = client.makeBidiStreamRequest(EXCHANGE, asIs, asIs)
    const hangUp = (): void => {
      call.cancel()
      client.close()
    }
    const stream = new GrpcStream(call, hangUp, (message) => explained(message, tls !== null))
    stream.start(receiver)
    return stream
  }

  async call(
    address: PeerAddress,
    tls: PeerTls | null,
    request: Buffer,
    deadlineMs: number,
  ): Promise<Buffer> {
    const key = hostAndPort(address.host, address.port)
    const client = this.#clientFor(key, address, tls)
    const deadline = Date.now() + deadlineMs
    try {
      await connected(client, Date.now() + Math.min(deadlineMs, limits.peerConnectMs))
    } catch (error) {
      this.#forget(key, client)
      const reason = error instanceof Error ? error.message : String(error)
      throw new PeerCallError(`${key} cannot be reached: ${reason}`, false)
    }
    return new Promise((resolve, reject) => {
      const done = (error: ServiceError | null, answer?: Buffer): void => {
        if (error === null && answer !== undefined) resolve(answer)
        else reject(new PeerCallError(`${key} did not answer: ${error?.details ?? 'nothing came'}`, true))
      }
      client.makeUnaryRequest(COMMAND, asIs, asIs, request, new Metadata(), { deadline }, done)
    })
  }

  async isListening({ host, port }: PeerAddress, limitMs: number): Promise<boolean> {
    const world = { clock: this.#clock, network: nodeNetwork }
    return (await presenceAt(world, host, port, limitMs)) === 'listening'
  }

  #clientFor(key: string, address: PeerAddress, tls: PeerTls | null): Client {
    const known = this.#clients.get(key)
    const client = known ?? clientOf(address, tls)
    this.#clients.delete(key)
    this.#clients.set(key, client)
    for (const [oldest, idle] of this.#clients) {
      if (this.#clients.size <= limits.peerCallConnectionsMax) break
      this.#forget(oldest, idle)
    }
    return client
  }

  #forget(key: string, client: Client): void {
    if (this.#clients.get(key) === client) this.#clients.delete(key)
    client.close()
  }

  close(): void {
    for (const [key, client] of this.#clients) this.#forget(key, client)
  }
}

/** Peers over gRPC; every world of the machine has its own. */
export function createGrpcPeers(): PeerNetwork {
  return new GrpcPeers()
}
