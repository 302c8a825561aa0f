/** The port of a node: the same for all of its lives, drawn anew where it is taken, waited for when another has it. */
import { expect, it } from 'vitest'
import { ClientDoor } from '../../src/embedded/client-door.ts'
import type { Clock } from '../../src/runtime/clock.ts'
import type { Connection, Network } from '../../src/runtime/network.ts'

/** A network of which some ports are taken, and time that passes only by waiting. */
function world() {
  const taken = new Set<number>()
  const tried: number[] = []
  let knock: (connection: Connection) => void = () => {}
  const network: Pick<Network, 'listen'> = {
    async listen(host, port, accept) {
      tried.push(port)
      if (taken.has(port)) throw new Error(`${port} is in use by another program`)
      knock = accept
      return { host, port, close: async () => {} }
    },
  }
  let nowMs = 0
  const clock: Clock = {
    wallMs: () => nowMs,
    monotonicMs: () => nowMs,
    schedule(delayMs, callback) {
      nowMs += delayMs
      callback()
      return { cancel() {} }
    },
    endOfTurn: (callback) => callback(),
  }
  let drawn = 0
  const random = { bytes: (sizeBytes: number) => Buffer.alloc(sizeBytes), below: () => drawn++ }
  const door = new ClientDoor(network, random, clock)
  return { door, taken, tried, elapsedMs: () => nowMs, knock: (who: Connection) => knock(who) }
}

it('draws until a port is free', async () => {
  const { door, taken, tried } = world()
  for (const port of [12_000, 12_001]) taken.add(port)
  await door.open(() => {})
  expect(tried).toEqual([12_000, 12_001, 12_002])
  expect(door.port).toBe(12_002)
})

it('waits for its port when another has it, but not for ever', async () => {
  const { door, taken, tried, elapsedMs } = world()
  await door.open(() => {})
  await door.shut()
  await door.open(() => {})
  expect(tried).toEqual([12_000, 12_000])
  await door.shut()
  taken.add(12_000)
  await expect(door.open(() => {})).rejects.toThrow('12000 is in use by another program')
  expect(elapsedMs()).toBe(10_000)
})

it('lets in only while it is open', async () => {
  const { door, knock } = world()
  const [letIn, turned]: [Connection[], Connection[]] = [[], []]
  const client = { destroy: () => turned.push(client) } as unknown as Connection
  await door.open((connection) => letIn.push(connection))
  knock(client)
  await door.shut()
  knock(client)
  expect([letIn, turned]).toEqual([[client], [client]])
})
