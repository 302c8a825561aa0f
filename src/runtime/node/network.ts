/**
 * TCP sockets of the machine behind the network port.
 *
 * The kernel reads straight into memory that the receiver hands out (`onread`), so a body is never copied
 * between socket and disk. Node offers `onread` for dialled sockets only; an accepted one is re-wrapped
 * around its handle here, and nowhere else. Where the runtime does not let us, 'data' events and one copy
 * do the same work.
 */
import { type AddressInfo, createServer, Socket, type SocketConstructorOpts } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Connection, HttpAnswer, Listener, Network, Receiver } from '../network.ts'

/** What of a socket's native handle is touched; undocumented, hence checked before use. */
interface NativeHandle {
  reading: boolean
  readStop?: () => number
}

const LISTEN_BACKLOG = 1_024

class NodeConnection implements Connection {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localAddress: string
  readonly localPort: number
  #socket: Socket
  #receiver: Receiver | null = null
  #error: Error | null = null
  #closed = false

  constructor(socket: Socket) {
    this.#socket = socket
    this.remoteAddress = plainAddress(socket.remoteAddress ?? '')
    this.remotePort = socket.remotePort ?? 0
    this.localAddress = plainAddress(socket.localAddress ?? '')
    this.localPort = socket.localPort ?? 0
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 60_000)
  }

  start(receiver: Receiver): void {
    if (this.#receiver !== null) throw new Error('a connection is started once')
    this.#receiver = receiver
    const accepted = rewrap(this.#socket, receiver)
    if (accepted !== null) this.#socket = accepted
    else this.#socket.on('data', (chunk: Buffer) => copyInto(receiver, chunk))
    const socket = this.#socket
    socket.on('drain', () => receiver.drained())
    socket.on('error', (error) => {
      this.#error = error
    })
    socket.on('end', () => socket.destroy())
    socket.on('close', () => {
      if (this.#closed) return
      this.#closed = true
      receiver.closed(this.#error)
    })
    socket.resume()
  }

  write(buffers: readonly Buffer[], sent?: () => void): void {
    const socket = this.#socket
    if (socket.destroyed || buffers.length === 0) {
      sent?.()
      return
    }
    const last = buffers.length - 1
    if (last > 0) socket.cork()
    for (let index = 0; index < last; index++) socket.write(buffers[index] as Buffer)
    if (sent === undefined) socket.write(buffers[last] as Buffer)
    else socket.write(buffers[last] as Buffer, sent)
    if (last > 0) socket.uncork()
  }

  get unsentBytes(): number {
    return this.#socket.writableLength
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}

/** A v4 address that arrived over a v6 socket, in its usual spelling. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address
}

function copyInto(receiver: Receiver, chunk: Buffer): void {
  let position = 0
  while (position < chunk.length) {
    const copied = chunk.copy(receiver.nextBuffer(), 0, position)
    position += copied
    receiver.received(copied)
  }
}

function isNativeHandle(handle: unknown): handle is NativeHandle {
  return typeof handle === 'object' && handle !== null && 'reading' in handle
}

/** The same connection as a socket that reads into the receiver's memory; null where that cannot be had. */
function rewrap(socket: Socket, receiver: Receiver): Socket | null {
  const carrier = socket as unknown as { _handle: unknown }
  const handle = carrier._handle
  if (!isNativeHandle(handle)) return null
  carrier._handle = null
  handle.reading = false
  const options = {
    handle,
    onread: {
      buffer: () => receiver.nextBuffer(),
      callback: (bytesRead: number) => {
        receiver.received(bytesRead)
        return true
      },
    },
  }
  const wrapped = new Socket(options as unknown as SocketConstructorOpts)
  wrapped.setNoDelay(true)
  return wrapped
}

function listenError(host: string, port: number, error: NodeJS.ErrnoException): Error {
  const where = `${host}:${port}`
  if (error.code === 'EADDRINUSE') return new Error(`${where} is in use by another program`, { cause: error })
  if (error.code === 'EACCES') return new Error(`no permission to listen on ${where}`, { cause: error })
  return new Error(`cannot listen on ${where}: ${error.message}`, { cause: error })
}

async function listen(
  host: string,
  port: number,
  accept: (connection: Connection) => void,
): Promise<Listener> {
  const server = createServer({ pauseOnConnect: true, noDelay: true, allowHalfOpen: false }, (socket) => {
    // A peer that is gone before we looked has no address and is not worth a connection.
    socket.on('error', () => {})
    if (socket.remoteAddress === undefined) socket.destroy()
    else accept(new NodeConnection(socket))
  })
  await new Promise<void>((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException): void => reject(listenError(host, port, error))
    server.once('error', refuse)
    server.listen({ host, port, backlog: LISTEN_BACKLOG }, () => {
      server.off('error', refuse)
      server.on('error', () => {})
      resolve()
    })
  })
  const address = server.address() as AddressInfo
  return {
    host,
    port: address.port,
    async close() {
      // The port is free at once; connections, which live on, are no longer the server's.
      server.close()
    },
  }
}

function connect(host: string, port: number, timeoutMs: number): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = new Socket()
    socket.pause()
    const expire = setTimeout(() => {
      socket.destroy(
        Object.assign(new Error(`no answer from ${host}:${port} within ${timeoutMs} ms`), {
          code: 'ETIMEDOUT',
        }),
      )
    }, timeoutMs)
    const fail = (error: Error): void => {
      clearTimeout(expire)
      reject(error)
    }
    socket.once('error', fail)
    socket.connect({ host, port }, () => {
      clearTimeout(expire)
      socket.off('error', fail)
      socket.on('error', () => {})
      resolve(new NodeConnection(socket))
    })
  })
}

/** Node's HTTP takes longer to load than all of ours, and few need it. */
async function serveHttp(
  host: string,
  port: number,
  answer: (path: string) => HttpAnswer,
): Promise<Listener> {
  const http = await import('./http.ts')
  return http.serveHttp(host, port, answer)
}

function localAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .map((address) => address.address)
}

export const nodeNetwork: Network = { listen, connect, serveHttp, localAddresses }
