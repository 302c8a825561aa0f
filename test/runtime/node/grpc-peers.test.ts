import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server as NetServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { limits } from '../../../src/runtime/limits.ts'
import { createGrpcPeers } from '../../../src/runtime/node/grpc-peers.ts'
import {
  PeerCallError,
  type PeerHandlers,
  type PeerNetwork,
  type PeerReceiver,
  type PeerServer,
  type PeerStream,
  type PeerTls,
} from '../../../src/runtime/peers.ts'
import { Authority, type Certificate } from '../../cluster/certificates.ts'

const HOST = '127.0.0.1'

/** Keeps what comes, and lets a test wait for it. */
class Collector implements PeerReceiver {
  readonly frames: Buffer[] = []
  closedWith: Array<Error | null> = []
  #waiting: Array<{ readonly isThere: () => boolean; readonly resolve: () => void }> = []

  received(frame: Buffer): void {
    this.frames.push(frame)
    this.#look()
  }

  closed(error: Error | null): void {
    this.closedWith.push(error)
    this.#look()
  }

  #look(): void {
    for (const { isThere, resolve } of this.#waiting) if (isThere()) resolve()
  }

  until(isThere: () => boolean): Promise<void> {
    if (isThere()) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ isThere, resolve }))
  }

  untilFrames(count: number): Promise<void> {
    return this.until(() => this.frames.length >= count)
  }

  untilClosed(): Promise<void> {
    return this.until(() => this.closedWith.length > 0)
  }
}

const open: Array<() => Promise<void> | void> = []

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

function peers(): PeerNetwork {
  const network = createGrpcPeers()
  open.push(() => network.close())
  return network
}

interface Served {
  readonly server: PeerServer
  readonly accepted: Array<{ readonly stream: PeerStream; readonly collector: Collector }>
}

async function serve(answer: PeerHandlers['answer'], tls: PeerTls | null = null): Promise<Served> {
  const accepted: Served['accepted'] = []
  const server = await peers().serve(
    HOST,
    0,
    {
      accept(stream) {
        const collector = new Collector()
        accepted.push({ stream, collector })
        stream.send(Buffer.from('welcome'))
        return collector
      },
      answer,
    },
    tls,
  )
  open.push(() => server.close())
  return { server, accepted }
}

const echo = (request: Buffer): Promise<Buffer> =>
  Promise.resolve(Buffer.concat([Buffer.from('re: '), request]))

function dial(
  port: number,
  tls: PeerTls | null = null,
  host = HOST,
): { readonly stream: PeerStream; readonly collector: Collector } {
  const collector = new Collector()
  const stream = peers().openStream({ host, port }, tls, collector)
  open.push(() => stream.close())
  return { stream, collector }
}

async function listening(server: NetServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** A port on which nobody listens. */
async function deadPort(): Promise<number> {
  const server = createServer()
  const port = await listening(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}

describe('peers over gRPC', () => {
  it('carry frames in order, in both directions, empty and large ones', async () => {
    const { server, accepted } = await serve(echo)
    const { stream, collector } = dial(server.port)
    const frames = [
      Buffer.from('first'),
      Buffer.alloc(0),
      Buffer.alloc(8 * 1024 * 1024, 7),
      Buffer.from('last'),
    ]
    for (const frame of frames) stream.send(frame)
    await collector.untilFrames(1)
    expect(collector.frames[0]?.toString()).toBe('welcome')
    const far = accepted[0]
    if (far === undefined) return expect.unreachable('no stream was accepted')
    await far.collector.untilFrames(4)
    expect(far.collector.frames.map(({ length }) => length)).toEqual(frames.map(({ length }) => length))
    expect(far.collector.frames[2]?.equals(frames[2] ?? Buffer.alloc(0))).toBe(true)
    for (let i = 0; i < 1_000; i++) far.stream.send(Buffer.from(`${i}`))
    await collector.untilFrames(1_001)
    expect(collector.frames.slice(1).map(String)).toEqual(Array.from({ length: 1_000 }, (_, i) => `${i}`))
  })

  it('tell each side once that the other hung up', async () => {
    const { server, accepted } = await serve(echo)
    const first = dial(server.port)
    await first.collector.untilFrames(1)
    first.stream.close()
    first.stream.close()
    expect(first.collector.closedWith).toEqual([null])
    await accepted[0]?.collector.untilClosed()

    const second = dial(server.port)
    await second.collector.untilFrames(1)
    accepted[1]?.stream.close()
    await second.collector.untilClosed()
    second.stream.send(Buffer.from('lost'))
    expect(second.stream.unsentBytes).toBe(0)
    expect(accepted[1]?.collector.closedWith).toEqual([null])
  })

  it('tell that a server is gone, and that nobody listens', async () => {
    const { server } = await serve(echo)
    const { collector } = dial(server.port)
    await collector.untilFrames(1)
    await server.close()
    await collector.untilClosed()
    expect(collector.closedWith.length).toBe(1)
    const nobody = dial(await deadPort())
    await nobody.collector.untilClosed()
    expect(nobody.collector.closedWith[0]).toBeInstanceOf(Error)
  })

  it('count what a peer does not read, and lose nothing of it', async () => {
    const { server, accepted } = await serve(echo)
    const { stream } = dial(server.port)
    const frame = Buffer.alloc(1024 * 1024)
    for (let i = 0; i < 64; i++) stream.send(frame)
    expect(stream.unsentBytes).toBeGreaterThan(0)
    expect(stream.unsentBytes).toBeLessThanOrEqual(64 * frame.length)
    await dial(server.port).collector.untilFrames(1)
    await accepted[0]?.collector.untilFrames(64)
  })

  it('break a stream whose frame is larger than any may be', async () => {
    const { server } = await serve(echo)
    const { stream, collector } = dial(server.port)
    await collector.untilFrames(1)
    stream.send(Buffer.alloc(limits.peerMessageBytesMax + 1))
    await collector.untilClosed()
    expect(collector.closedWith[0]).toBeInstanceOf(Error)
  })

  it('answer calls, on one connection', async () => {
    const { server } = await serve(echo)
    const network = peers()
    const address = { host: HOST, port: server.port }
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => network.call(address, null, Buffer.from(`${i}`), 5_000)),
    )
    expect(answers.map(String)).toEqual(Array.from({ length: 100 }, (_, i) => `re: ${i}`))
  })

  it('tell whether a call that failed can have arrived', async () => {
    const never = new Promise<Buffer>(() => {})
    const { server } = await serve((request) =>
      request.toString() === 'wait' ? never : Promise.reject(new Error('secret')),
    )
    const network = peers()
    const failure = (port: number, request: string, deadlineMs: number): Promise<unknown> =>
      network.call({ host: HOST, port }, null, Buffer.from(request), deadlineMs).then(
        () => 'answered',
        (error: unknown) => error,
      )
    const late = await failure(server.port, 'wait', 50)
    const broken = await failure(server.port, 'fail', 5_000)
    const unreachable = await failure(await deadPort(), 'anything', 300)
    for (const [error, mayHaveArrived] of [
      [late, true],
      [broken, true],
      [unreachable, false],
    ] as const) {
      expect(error).toBeInstanceOf(PeerCallError)
      if (error instanceof PeerCallError) {
        expect(error.mayHaveArrived).toBe(mayHaveArrived)
        expect(error.message).not.toContain('secret')
      }
    }
  })

  it('give up a call as soon as its connection fails: another node may answer it', async () => {
    let dials = 0
    const server = createServer((socket) => {
      dials++
      socket.destroy()
    })
    const port = await listening(server)
    const called = peers().call({ host: HOST, port }, null, Buffer.from('a'), 300)
    await expect(called).rejects.toMatchObject({ mayHaveArrived: false })
    await new Promise((resolve) => server.close(resolve))
    expect(dials).toBe(1)
  })

  it('reach a server that came back on its port', async () => {
    const { server } = await serve(echo)
    const network = peers()
    const address = { host: HOST, port: server.port }
    expect(String(await network.call(address, null, Buffer.from('a'), 5_000))).toBe('re: a')
    await server.close()
    const again = await peers().serve(
      HOST,
      server.port,
      { accept: () => new Collector(), answer: echo },
      null,
    )
    open.push(() => again.close())
    const ask = (): Promise<Buffer> => network.call(address, null, Buffer.from('b'), 5_000)
    // The first may still meet the connection that broke.
    expect(String(await ask().catch(ask))).toBe('re: b')
  })

  it('listen on every interface when none is named', async () => {
    const server = await peers().serve('', 0, { accept: () => new Collector(), answer: echo }, null)
    open.push(() => server.close())
    const answer = await peers().call({ host: HOST, port: server.port }, null, Buffer.from('a'), 5_000)
    expect(String(answer)).toBe('re: a')
  })

  it('say why they cannot listen', async () => {
    const { server } = await serve(echo)
    const handlers = { accept: () => new Collector(), answer: echo }
    await expect(peers().serve(HOST, server.port, handlers, null)).rejects.toThrow(
      `cannot listen for peers on ${HOST}:${server.port}`,
    )
  })

  it('speak TLS with those that the authority has signed', async () => {
    const authority = trusted()
    const one = authority.tlsOf(authority.issue('one'))
    const { server } = await serve(echo, one)
    const other = authority.tlsOf(authority.issue('other'))
    for (const host of ['localhost', HOST]) {
      const { collector } = dial(server.port, other, host)
      await collector.untilFrames(1)
      const answer = await peers().call({ host, port: server.port }, other, Buffer.from('a'), 5_000)
      expect(String(answer)).toBe('re: a')
    }
  })

  it('take a key that is encrypted, and say so when they cannot', async () => {
    const authority = trusted()
    const issued = authority.issue('locked')
    const locked = {
      ...authority.tlsOf(issued),
      privateKey: readFileSync(authority.encrypted(issued, 'secret')),
    }
    const { server } = await serve(echo, { ...locked, passphrase: 'secret' })
    const { collector } = dial(server.port, authority.tlsOf(authority.issue('other')), 'localhost')
    await collector.untilFrames(1)
    await expect(serve(echo, { ...locked, passphrase: 'wrong' })).rejects.toThrow(
      'the key of ssl.keystore cannot be used',
    )
    const foreign = { ...locked, privateKey: readFileSync(authority.issue('foreign').key) }
    await expect(serve(echo, foreign)).rejects.toThrow('it does not fit the first certificate')
  })

  it('refuse a stranger and one that speaks no TLS, and each is told what to look at', async () => {
    const authority = trusted()
    const ours = authority.tlsOf(authority.issue('ours'))
    const strangers = trusted()
    // It trusts us, we do not trust it.
    const stranger = { ...strangers.tlsOf(strangers.issue('stranger')), authorities: ours.authorities }
    const secure = await serve(echo, ours)
    const plain = await serve(echo)
    const fooled = await serve(echo, stranger)
    const cases: [PeerServer, PeerTls | null, RegExp][] = [
      [secure.server, null, /it hung up at once: if it speaks TLS, so must this node/],
      [secure.server, stranger, /it refused the handshake: does it trust this node's certificate/],
      [plain.server, ours, /it does not speak TLS, and this node does/],
      [fooled.server, ours, /its certificate is not to be trusted/],
    ]
    for (const [server, tls, words] of cases) {
      const { collector } = dial(server.port, tls, 'localhost')
      await collector.untilClosed()
      expect(collector.closedWith[0]?.message).toMatch(words)
      expect(collector.frames).toEqual([])
      const called = peers().call({ host: 'localhost', port: server.port }, tls, Buffer.from('a'), 400)
      await expect(called).rejects.toBeInstanceOf(PeerCallError)
    }
  })

  it('refuse a certificate of another host, unless names are not to be checked', async () => {
    const authority = trusted()
    const tls = authority.tlsOf(authority.issue('elsewhere', 'DNS:elsewhere.example'))
    const { server } = await serve(echo, tls)
    const { collector } = dial(server.port, tls)
    await collector.untilClosed()
    expect(collector.closedWith[0]?.message).toContain('its certificate is not to be trusted')
    const { collector: careless } = dial(server.port, { ...tls, verifiesHostName: false })
    await careless.untilFrames(1)
  })

  it('tell whether somebody listens, also one that never answers', async () => {
    const peers = createGrpcPeers()
    open.push(() => peers.close())
    const silent = createServer()
    await new Promise<void>((resolve) => silent.listen(0, HOST, resolve))
    const address = { host: HOST, port: (silent.address() as AddressInfo).port }
    expect(await peers.isListening(address, 10_000)).toBe(true)
    await new Promise((resolve) => silent.close(resolve))
    expect(await peers.isListening(address, 10_000)).toBe(false)
  })
})

/** An authority whose files go with the test. */
class TestAuthority extends Authority {
  tlsOf({ key, certificate }: Certificate): PeerTls {
    return {
      certificate: readFileSync(certificate),
      privateKey: readFileSync(key),
      passphrase: null,
      authorities: readFileSync(this.certificate),
      verifiesHostName: true,
    }
  }
}

function trusted(): TestAuthority {
  const authority = new TestAuthority()
  open.push(() => authority.remove())
  return authority
}
