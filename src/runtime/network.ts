/**
 * The port to the network: listening, dialling, and one ordered byte stream per connection.
 *
 * The receiver hands out the memory that bytes are read into, so that a record batch is never copied on
 * its way to disk. A connection never buffers more than its owner lets it: `unsentBytes` and `pause` are
 * for back-pressure.
 */

export interface Receiver {
  /** Where the next bytes go; called before each read, never empty. */
  nextBuffer(): Buffer
  /** `bytesRead` bytes have been put at the front of the buffer handed out last. */
  received(bytesRead: number): void
  /** The unsent bytes fell to zero after a write that had to wait. */
  drained(): void
  /** Called exactly once, whoever closed; `error` tells why when it was not orderly. */
  closed(error: Error | null): void
}

export interface Connection {
  readonly remoteAddress: string
  readonly remotePort: number
  /** The address of this machine that the peer dialled. */
  readonly localAddress: string
  readonly localPort: number
  /** Begins reading; must be called once. */
  start(receiver: Receiver): void
  /** Sends all buffers in order, in one system call where the system allows. The memory must not change until `sent`. */
  write(buffers: readonly Buffer[], sent?: () => void): void
  /** Bytes accepted by `write` that the system has not taken yet. */
  readonly unsentBytes: number
  pause(): void
  resume(): void
  /** Sends what is unsent, then closes. */
  end(): void
  /** Closes at once; unsent bytes are lost. */
  destroy(): void
}

export interface Listener {
  readonly host: string
  readonly port: number
  /** Stops accepting; open connections live on. */
  close(): Promise<void>
}

export interface HttpAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

export interface Network {
  listen(host: string, port: number, accept: (connection: Connection) => void): Promise<Listener>
  /** Rejects with an error that has a system `code` when nobody answers in time. */
  connect(host: string, port: number, timeoutMs: number): Promise<Connection>
  /** Answers GET requests over plain HTTP, for probes and metrics. */
  serveHttp(host: string, port: number, answer: (path: string) => HttpAnswer): Promise<Listener>
  /** The IP addresses of this machine's interfaces. */
  localAddresses(): string[]
}
