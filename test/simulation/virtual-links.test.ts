import { expect, it } from 'vitest'
import { hostTurn } from '../../src/runtime/node/host-turn.ts'
import { EventQueue } from '../../src/simulation/event-queue.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { VirtualLinks } from '../../src/simulation/virtual-links.ts'

it('keeps the order of a pipe through cuts and healing, and loses nothing', async () => {
  for (let seed = 1; seed <= 100; seed++) {
    const random = new SeededRandom(seed)
    const queue = new EventQueue(random.stream('order'), hostTurn)
    const links = new VirtualLinks(queue, random.stream('links'))
    links.delays = { leastMs: 0.05, mostMs: 20, slowShare: 0.1 }
    const pipe = links.pipe('a', 'b', queue.source('b'))
    const world = queue.source('world')
    const arrived: number[] = []
    for (let at = 0; at < 60; at++)
      world.schedule(random.between(at, at + 1), () => pipe.send(() => arrived.push(at)))
    for (let round = 0; round < 6; round++) {
      world.schedule(random.between(0, 100), () => links.cut('a', 'b'))
      world.schedule(random.between(0, 100), () => links.heal())
    }
    world.schedule(101, () => links.heal())
    while ((await queue.step(1_000)) !== null) {}
    expect(arrived, `seed ${seed}`).toEqual(Array.from({ length: 60 }, (_, index) => index))
  }
})

it('lets what gets stuck come late and in order, while another pipe of the same way overtakes it', async () => {
  const random = new SeededRandom(1)
  const queue = new EventQueue(random.stream('order'), hostTurn)
  const links = new VirtualLinks(queue, random.stream('links'))
  const arrived: string[] = []
  const stuck = links.pipe('a', 'b', queue.source('b'))
  links.stick('a', 'b', 1)
  stuck.send(() => arrived.push('stuck'))
  links.stick('a', 'b', 0)
  stuck.send(() => arrived.push('behind it'))
  links.pipe('a', 'b', queue.source('b')).send(() => arrived.push('beside it'))
  while ((await queue.step(10_000)) !== null) {}
  expect(arrived).toEqual(['beside it', 'stuck', 'behind it'])
})
