/**
 * The port between the nodes of one cluster: frames on ordered streams in both directions, and single calls.
 *
 * It knows nothing of what the frames say. A stream that cannot keep up is its owner's to close: `unsentBytes` tells
 * how much waits. A stream that died stays dead; whoever wants another opens one. Production fills the port with gRPC,
 * tests and the simulator with memory.
 */

/** Where a node listens for its peers. */
export interface PeerAddress {
  readonly host: string
  readonly port: number
}

/** PEM texts; each side must show a certificate that one of the authorities signed. */
export interface PeerTls {
  readonly certificate: Buffer
  readonly privateKey: Buffer
  /** Of a key that is encrypted. */
  readonly passphrase: string | null
  readonly authorities: Buffer
  /** Whether the certificate of who is dialled must name the host that was dialled. */
  readonly verifiesHostName: boolean
}

/** One end of a stream. */
export interface PeerStream {
  /** Sends a frame behind those sent before; on a closed stream it is lost. The memory must not change afterwards. */
  send(frame: Buffer): void
  /** Bytes sent that the transport has not taken yet. */
  readonly unsentBytes: number
  /** Closes at once; `closed` follows, with null. Idempotent. */
  close(): void
}

/** Who a stream speaks to; its methods must not throw. */
export interface PeerReceiver {
  /** Frames in the order in which they were sent; the memory is the receiver's. */
  received(frame: Buffer): void
  /** Exactly once, whoever closed; nothing is received afterwards. `error` tells why when it was not orderly. */
  closed(error: Error | null): void
}

export interface PeerHandlers {
  /** Another node has opened a stream; what is sent on it before this returns is kept for the receiver. */
  accept(stream: PeerStream): PeerReceiver
  /** Another node calls; a rejection is told as an error without details. */
  answer(request: Buffer): Promise<Buffer>
}

export interface PeerServer {
  /** The port that was asked for, or the one that was picked for 0. */
  readonly port: number
  /** Stops listening and closes every stream that was accepted. */
  close(): Promise<void>
}

/** A call that was not answered. */
export class PeerCallError extends Error {
  /** False: the other node cannot have seen the request. */
  readonly mayHaveArrived: boolean

  constructor(message: string, mayHaveArrived: boolean) {
    super(message)
    this.name = 'PeerCallError'
    this.mayHaveArrived = mayHaveArrived
  }
}

export interface PeerNetwork {
  /** Rejects when the address cannot be listened on, with an error for people. */
  serve(host: string, port: number, handlers: PeerHandlers, tls: PeerTls | null): Promise<PeerServer>
  /** Begins to connect; `closed` comes when nobody answers. Frames sent meanwhile wait. */
  openStream(address: PeerAddress, tls: PeerTls | null, receiver: PeerReceiver): PeerStream
  /** One request, one answer, within `deadlineMs` milliseconds; rejects with `PeerCallError`. */
  call(address: PeerAddress, tls: PeerTls | null, request: Buffer, deadlineMs: number): Promise<Buffer>
  /**
   * Whether connections are taken there within `limitMs`: true also of a process that is frozen, so that false says that
   * it is gone, or cannot be reached.
   */
  isListening(address: PeerAddress, limitMs: number): Promise<boolean>
  /** Lets go of what is kept between calls. */
  close(): void
}

const alone = (): never => {
  throw new Error('this node has no peers')
}

/** For a node that is alone. */
export const noPeers: PeerNetwork = {
  serve: alone,
  openStream: alone,
  call: alone,
  isListening: alone,
  close() {},
}
