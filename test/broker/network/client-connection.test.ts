import { describe, expect, it } from 'vitest'
import { ClientConnection } from '../../../src/broker/network/client-connection.ts'
import type { ConnectionHost } from '../../../src/broker/network/connection-host.ts'
import type { Exchange } from '../../../src/broker/network/exchange.ts'
import { MemoryBudget } from '../../../src/broker/network/memory-budget.ts'
import { SlabPool } from '../../../src/broker/network/slab-pool.ts'
import { limits } from '../../../src/runtime/limits.ts'
import { silentLog } from '../../../src/runtime/log.ts'
import { MetricsRegistry } from '../../../src/runtime/metrics.ts'
import type { Connection, Receiver } from '../../../src/runtime/network.ts'

const PRODUCE = 0
const OTHER = 3

/** A socket in memory: what was sent, and whether it is being read. */
class FakeSocket implements Connection {
  readonly remoteAddress = '127.0.0.1'
  readonly remotePort = 1
  readonly localAddress = '127.0.0.1'
  readonly localPort = 2
  unsentBytes = 0
  paused = false
  destroyed = false
  writes: string[] = []
  receiver: Receiver | null = null
  start(receiver: Receiver): void {
    this.receiver = receiver
  }
  write(buffers: readonly Buffer[], sent?: () => void): void {
    this.writes.push(Buffer.concat([...buffers]).toString())
    sent?.()
  }
  pause(): void {
    this.paused = true
  }
  resume(): void {
    this.paused = false
  }
  end(): void {
    this.destroy()
  }
  destroy(): void {
    if (this.destroyed) return
    this.destroyed = true
    this.receiver?.closed(null)
  }
  /** Bytes from the peer. */
  feed(bytes: Buffer): void {
    for (let position = 0; position < bytes.length; ) {
      const copied = bytes.copy(this.receiver?.nextBuffer() ?? Buffer.alloc(1), 0, position)
      position += copied
      this.receiver?.received(copied)
    }
  }
}

function frame(apiKey: number, label: string): Buffer {
  const body = Buffer.concat([Buffer.from([0, apiKey]), Buffer.from(label)])
  const size = Buffer.alloc(4)
  size.writeInt32BE(body.length)
  return Buffer.concat([size, body])
}

function open(memoryBytesMax = 1_000_000) {
  const turns: (() => void)[] = []
  const begun: { label: string; exchange: Exchange }[] = []
  const metrics = new MetricsRegistry()
  const memory = new MemoryBudget(memoryBytesMax)
  const host: ConnectionHost = {
    clock: {
      wallMs: () => 0,
      monotonicMs: () => 0,
      schedule: () => ({ cancel() {} }),
      endOfTurn: (callback) => turns.push(callback),
    },
    log: silentLog,
    slabs: new SlabPool(),
    memory,
    metrics: { bytesIn: metrics.counter('in', 'in'), bytesOut: metrics.counter('out', 'out') },
    frameSizeBytesMax: () => limits.frameSizeBytesMax,
    mayOverlap: (bytes) => bytes.readInt16BE(0) === PRODUCE,
    dispatch: (_, exchange) => begun.push({ label: exchange.frame.subarray(2).toString(), exchange }),
    connectionClosed() {},
  }
  const socket = new FakeSocket()
  const connection = new ClientConnection(1, 'PLAINTEXT', socket, host)
  const answer = (label: string, text: string = label): void => {
    const found = begun.find((one) => one.label === label)
    found?.exchange.releaseFrame()
    found?.exchange.complete(text === '' ? [] : [Buffer.from(text)])
  }
  const turn = (): void => {
    for (const callback of turns.splice(0)) callback()
  }
  return { socket, connection, begun, answer, turn, memory, labels: () => begun.map(({ label }) => label) }
}

describe('ClientConnection', () => {
  it('works on one request at a time, but lets produce requests overlap', () => {
    const { socket, answer, turn, labels } = open()
    socket.feed(
      Buffer.concat([frame(PRODUCE, 'p1'), frame(PRODUCE, 'p2'), frame(OTHER, 'm'), frame(PRODUCE, 'p3')]),
    )
    expect(labels()).toEqual(['p1', 'p2'])
    answer('p2')
    turn()
    expect(labels()).toEqual(['p1', 'p2'])
    answer('p1')
    expect(labels()).toEqual(['p1', 'p2', 'm'])
    answer('m')
    expect(labels()).toEqual(['p1', 'p2', 'm', 'p3'])
  })

  it('answers in the order of the requests, all that is ready in one write', () => {
    const { socket, answer, turn } = open()
    socket.feed(Buffer.concat([frame(PRODUCE, 'a'), frame(PRODUCE, 'b'), frame(PRODUCE, 'c')]))
    answer('c')
    turn()
    expect(socket.writes).toEqual([])
    answer('a')
    answer('b')
    turn()
    expect(socket.writes).toEqual(['abc'])
  })

  it('pitfall 15: a request without an answer (acks=0) leaves no gap in the order', () => {
    const { socket, answer, turn } = open()
    socket.feed(Buffer.concat([frame(PRODUCE, 'a'), frame(PRODUCE, 'silent'), frame(PRODUCE, 'b')]))
    answer('b')
    answer('silent', '')
    answer('a')
    turn()
    expect(socket.writes).toEqual(['ab'])
  })

  it('stops reading while the peer takes no answers, and goes on when it does', () => {
    const { socket, connection, answer, turn } = open()
    socket.feed(frame(PRODUCE, 'a'))
    socket.unsentBytes = limits.unsentBytesPerConnectionPause + 1
    answer('a')
    turn()
    expect(socket.paused).toBe(true)
    socket.unsentBytes = 0
    socket.receiver?.drained()
    expect(socket.paused).toBe(false)
    expect(connection.closed).toBe(false)
  })

  it('stops reading when too many requests wait', () => {
    const { socket } = open()
    const flood = Array.from({ length: limits.waitingRequestsPerConnectionMax + 2 }, (_, index) =>
      frame(OTHER, `r${index}`),
    )
    socket.feed(Buffer.concat(flood))
    expect(socket.paused).toBe(true)
  })

  it('stops reading when the memory of all is used up, and goes on when half of it is free', () => {
    const { socket, answer, turn, memory } = open(100)
    socket.feed(frame(PRODUCE, 'x'.repeat(120)))
    expect(socket.paused).toBe(true)
    answer('x'.repeat(120), 'ok')
    turn()
    expect(memory.usedBytes).toBe(0)
    expect(socket.paused).toBe(false)
  })

  it('begins nothing more for a peer that takes no answers, and goes on when it does', () => {
    const { socket, answer, turn, labels } = open()
    socket.feed(Buffer.concat([frame(OTHER, 'a'), frame(OTHER, 'b'), frame(OTHER, 'c')]))
    answer('a', 'x'.repeat(limits.memoryShareBytesMin + 1))
    socket.unsentBytes = limits.memoryShareBytesMin + 1
    turn()
    expect(labels()).toEqual(['a'])
    expect(socket.paused).toBe(true)
    socket.unsentBytes = 0
    socket.receiver?.drained()
    expect(labels()).toEqual(['a', 'b'])
    expect(socket.paused).toBe(false)
  })

  it('reads on while the memory is used up by others', () => {
    const { socket, memory, labels, answer, turn } = open(100)
    memory.take(1_000)
    socket.feed(frame(OTHER, 'small'))
    expect(labels()).toEqual(['small'])
    answer('small')
    turn()
    expect([socket.paused, memory.usedBytes]).toEqual([false, 1_000])
  })

  it('closes on a frame that cannot be, and drops answers that come too late', () => {
    const { socket, connection, answer, turn } = open()
    socket.feed(frame(PRODUCE, 'late'))
    socket.feed(Buffer.from([0xff, 0xff, 0xff, 0xff]))
    expect(connection.closed).toBe(true)
    answer('late')
    turn()
    expect(socket.writes).toEqual([])
  })

  it('tells who wants to know that it is gone, once', () => {
    const { socket, connection } = open()
    let told = 0
    connection.onClosed(() => told++)
    const forget = connection.onClosed(() => (told += 10))
    forget()
    socket.destroy()
    connection.close('again')
    expect(told).toBe(1)
  })
})
