import { describe, expect, it } from 'vitest'
import { peerCodec } from '../../../src/broker/quorum/peer-codec.ts'
import { PeerLinks } from '../../../src/broker/quorum/peer-links.ts'
import type { RaftMessage } from '../../../src/coordination/raft/message.ts'
import { limits } from '../../../src/runtime/limits.ts'
import { silentLog } from '../../../src/runtime/log.ts'
import type { PeerStream } from '../../../src/runtime/peers.ts'
import { dice } from '../../storage/support/managed-world.ts'
import { TestWorld } from '../../storage/support/world.ts'
import { MemoryNetwork } from './support/memory-peers.ts'

const hint = (epoch: number): RaftMessage => ({ type: 'leader-hint', epoch, leaderId: null })

class Nodes {
  readonly world = new TestWorld()
  readonly network = new MemoryNetwork(this.world.clock)

  async node(id: number, clusterId = 'cluster', directoryId = `directory-${id}`) {
    const roll = dice(id)
    const told: string[] = []
    const peers = this.network.peersOf(`node-${id}`)
    const links = new PeerLinks(
      {
        clock: this.world.clock,
        disk: this.world.disk,
        random: { bytes: (sizeBytes) => Buffer.alloc(sizeBytes), below: roll },
        log: silentLog,
        peers,
      },
      { hello: { clusterId, sender: { id, directoryId } }, codec: peerCodec, tls: null },
      {
        received: (from, message) => told.push(`${from.id}: ${message.type} ${message.epoch}`),
        connected: (peer) => told.push(`connected ${peer}`),
        disconnected: (peer) => told.push(`disconnected ${peer}`),
      },
    )
    await peers.serve(
      `node-${id}`,
      1,
      { accept: (stream) => links.accept(stream), answer: () => Promise.reject(new Error('no calls')) },
      null,
    )
    const aim = (...ids: readonly number[]): void =>
      links.aim(new Map(ids.map((other) => [other, { host: `node-${other}`, port: 1 }])))
    return { id, links, told, aim }
  }

  run(ms = 50): void {
    this.world.clock.advance(ms)
  }

  /** A stream that says what it is told to say; answers whether it was hung up on. */
  rawStream(host: string): { readonly stream: PeerStream; readonly isClosed: () => boolean } {
    let closed = false
    const stream = this.network.peersOf('raw').openStream({ host, port: 1 }, null, {
      received: () => {},
      closed: () => {
        closed = true
      },
    })
    return { stream, isClosed: () => closed }
  }
}

describe('streams between nodes', () => {
  it('connect once, however many streams there are, and carry messages in order', async () => {
    const nodes = new Nodes()
    const [a, b] = [await nodes.node(1), await nodes.node(2)]
    a.aim(1, 2)
    b.aim(1, 2)
    nodes.run()
    expect([a.told, b.told]).toEqual([['connected 2'], ['connected 1']])
    for (let epoch = 0; epoch < 5; epoch++) a.links.send(2, hint(epoch))
    nodes.run()
    expect(b.told.slice(1)).toEqual([0, 1, 2, 3, 4].map((epoch) => `1: leader-hint ${epoch}`))
  })

  it('let a node answer that is not dialled', async () => {
    const nodes = new Nodes()
    const [a, b] = [await nodes.node(1), await nodes.node(2)]
    a.aim(2)
    nodes.run()
    b.links.send(1, hint(7))
    nodes.run()
    expect(a.told).toEqual(['connected 2', '2: leader-hint 7'])
  })

  it('tell that a node is gone, and dial until it is back', async () => {
    const nodes = new Nodes()
    const [a, b] = [await nodes.node(1), await nodes.node(2)]
    a.aim(2)
    b.aim(1)
    nodes.run()
    b.links.close()
    nodes.network.kill('node-2')
    nodes.run(10_000)
    expect(a.told).toEqual(['connected 2', 'disconnected 2'])
    const again = await nodes.node(2)
    nodes.run(limits.peerRedialMsMax + 10)
    expect(a.told).toEqual(['connected 2', 'disconnected 2', 'connected 2'])
    expect(again.told).toEqual(['connected 1'])
  })

  it('start anew when the stream in use breaks and the other one takes over', async () => {
    const nodes = new Nodes()
    const [a, b] = [await nodes.node(1), await nodes.node(2)]
    a.aim(2)
    nodes.run()
    b.aim(1)
    nodes.run()
    a.aim()
    nodes.run()
    expect(a.told).toEqual(['connected 2', 'connected 2'])
    expect(b.told).toEqual(['connected 1', 'connected 1'])
    a.links.send(2, hint(1))
    nodes.run()
    expect(b.told.at(-1)).toBe('1: leader-hint 1')
  })

  it('refuse a node of another cluster', async () => {
    const nodes = new Nodes()
    const [a, stranger] = [await nodes.node(1), await nodes.node(2, 'another')]
    a.aim(2)
    stranger.aim(1)
    nodes.run(3_000)
    expect([a.told, stranger.told]).toEqual([[], []])
  })

  it('refuse a node that is not the one that was dialled, or has this node’s id', async () => {
    const nodes = new Nodes()
    const a = await nodes.node(1)
    await nodes.node(2)
    a.links.aim(new Map([[3, { host: 'node-2', port: 1 }]]))
    nodes.run(3_000)
    expect(a.told).toEqual([])
    const { stream, isClosed } = nodes.rawStream('node-1')
    stream.send(peerCodec.encodeHello({ clusterId: 'cluster', sender: { id: 1, directoryId: 'other' } }))
    nodes.run()
    expect(isClosed()).toBe(true)
  })

  it('take the newest life of a node for the node', async () => {
    const nodes = new Nodes()
    const a = await nodes.node(1)
    const old = await nodes.node(2, 'cluster', 'old')
    old.aim(1)
    nodes.run()
    nodes.network.cutOneWay('node-2', 'node-1')
    const renewed = await nodes.node(3)
    renewed.links.close()
    nodes.network.heal()
    const { stream } = nodes.rawStream('node-1')
    stream.send(peerCodec.encodeHello({ clusterId: 'cluster', sender: { id: 2, directoryId: 'new' } }))
    nodes.run(5)
    expect(a.told).toEqual(['connected 2', 'connected 2'])
  })

  it('hang up on noise, on silence, on a second greeting, and on more strangers than there may be', async () => {
    const nodes = new Nodes()
    const a = await nodes.node(1)
    const greeting = peerCodec.encodeHello({ clusterId: 'cluster', sender: { id: 9, directoryId: 'd' } })
    const noise = nodes.rawStream('node-1')
    noise.stream.send(Buffer.from('GET / HTTP/1.1'))
    const twice = nodes.rawStream('node-1')
    twice.stream.send(greeting)
    twice.stream.send(greeting)
    const silent = nodes.rawStream('node-1')
    nodes.run()
    expect([noise.isClosed(), twice.isClosed(), silent.isClosed()]).toEqual([true, true, false])
    nodes.run(limits.peerHelloMs)
    expect(silent.isClosed()).toBe(true)
    const strangers = Array.from({ length: limits.peerStreamsUnnamedMax + 3 }, () =>
      nodes.rawStream('node-1'),
    )
    nodes.run()
    expect(strangers.filter(({ isClosed }) => isClosed()).length).toBe(3)
    expect(a.told).toEqual(['connected 9', 'disconnected 9'])
  })

  it('give a stream up whose other end does not read', async () => {
    const nodes = new Nodes()
    const [a, b] = [await nodes.node(1), await nodes.node(2)]
    a.aim(2)
    nodes.run()
    nodes.network.deaf.add('node-2')
    const bytes = Buffer.alloc(1024 * 1024)
    const piece: RaftMessage = {
      type: 'snapshot-chunk',
      epoch: 1,
      leaderId: 1,
      snapshot: { endOffset: 1, epoch: 1 },
      position: 0,
      bytes,
      isLast: false,
    }
    for (let sent = 0; sent <= limits.peerUnsentBytesMax + 2 * bytes.length; sent += bytes.length)
      a.links.send(2, piece)
    expect(a.told).toEqual(['connected 2', 'disconnected 2'])
    expect(b.told).toEqual(['connected 1'])
  })
})
