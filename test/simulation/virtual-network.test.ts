import { expect, it } from 'vitest'
import type { Connection, Receiver } from '../../src/runtime/network.ts'
import { hostTurn } from '../../src/runtime/node/host-turn.ts'
import { EventQueue, type EventSource } from '../../src/simulation/event-queue.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { VirtualLinks } from '../../src/simulation/virtual-links.ts'
import { type HostLife, VirtualNetwork } from '../../src/simulation/virtual-network.ts'

const PORT = 9092

/** What one end of a connection was told. */
class Ear implements Receiver {
  readonly pieces: Buffer[] = []
  readonly #buffer = Buffer.alloc(4_096)
  ended: string | null = null

  get text(): string {
    return Buffer.concat(this.pieces).toString()
  }

  nextBuffer(): Buffer {
    return this.#buffer
  }

  received(sizeBytes: number): void {
    this.pieces.push(Buffer.from(this.#buffer.subarray(0, sizeBytes)))
  }

  drained(): void {}

  closed(error: Error | null): void {
    this.ended = error?.message ?? 'in order'
  }
}

class World {
  readonly random = new SeededRandom(1)
  readonly queue = new EventQueue(this.random.stream('order'), hostTurn)
  readonly links = new VirtualLinks(this.queue, this.random.stream('links'))
  readonly network = new VirtualNetwork(this.links, this.random.stream('network'))
  readonly accepted: { readonly connection: Connection; readonly ear: Ear }[] = []
  server = this.life('server')
  readonly client = this.life('client')

  life(host: string): HostLife & { readonly source: EventSource } {
    return { host, source: this.queue.source(host) }
  }

  async serve(): Promise<void> {
    await this.network.of(this.server).listen('', PORT, (connection) => {
      const ear = new Ear()
      connection.start(ear)
      this.accepted.push({ connection, ear })
    })
  }

  async connect(): Promise<{ readonly connection: Connection; readonly ear: Ear }> {
    const connecting = this.network.of(this.client).connect('server', PORT, 1_000)
    await this.pass(50)
    const ear = new Ear()
    const connection = await connecting
    connection.start(ear)
    return { connection, ear }
  }

  async pass(ms: number): Promise<void> {
    const untilMs = this.queue.nowMs + ms
    await this.queue.settle()
    while ((await this.queue.step(untilMs)) !== null) {}
  }
}

it('takes bytes apart to single ones, and brings them in order', async () => {
  const world = new World()
  await world.serve()
  const { connection } = await world.connect()
  world.network.splitShare = 1
  for (const text of ['hello ', 'world, ', 'how do you do']) connection.write([Buffer.from(text)])
  await world.pass(50)
  const heard = world.accepted[0]?.ear
  expect(heard?.text).toBe('hello world, how do you do')
  expect(heard?.pieces.filter(({ length }) => length === 1).length).toBeGreaterThan(8)
})

it('breaks a connection amid what is written next, for both ends', async () => {
  const world = new World()
  await world.serve()
  const { connection, ear } = await world.connect()
  world.network.breakSome('client', 1)
  connection.write([Buffer.alloc(1_000, 'x')])
  await world.pass(50)
  const heard = world.accepted[0]?.ear
  expect(heard?.text.length).toBeLessThan(1_000)
  expect([heard?.ended, ear.ended]).toEqual(['the connection was reset', 'the connection was reset'])
})

it('tells nobody of a machine that lost its power, until it is back and is written to', async () => {
  const world = new World()
  await world.serve()
  const { connection, ear } = await world.connect()
  world.network.end(world.server, 'silently')
  world.server.source.end()
  connection.write([Buffer.from('anybody?')])
  await world.pass(10_000)
  expect(ear.ended).toBeNull()
  world.server = world.life('server')
  await world.serve()
  await world.pass(1_000)
  expect(ear.ended).toBeNull()
  connection.write([Buffer.from('and now?')])
  await world.pass(50)
  expect(ear.ended).toBe('the connection was reset')
})

it('brings a connection twice, of which one says nothing and goes', async () => {
  const world = new World()
  await world.serve()
  world.network.ghostShare = 1
  const { connection } = await world.connect()
  connection.write([Buffer.from('hello')])
  await world.pass(10_000)
  expect(world.accepted.map(({ ear }) => ear.text).sort()).toEqual(['', 'hello'])
  expect(world.accepted.find(({ ear }) => ear.text === '')?.ear.ended).toBe('in order')
})
