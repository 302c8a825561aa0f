/** The producer with five requests under way, and the five batches by which a broker knows again what it had (KIP-98). */
import { expect, it } from 'vitest'
import { startSimulation } from '../../src/embedded/testing.ts'
import { History } from '../../src/simulation/history.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { PipelinedWriter } from '../../src/simulation/workload/pipelined-writer.ts'

/** As many batches of a producer as a broker remembers. */
const REMEMBERED_MAX = 5
const ROUNDS = 20
const STEPS = 40

it('goes on past a batch without an answer only so far that brokers know it again', async () => {
  await using cluster = await startSimulation({ topics: ['orders'] })
  const history = new History()
  const random = new SeededRandom(1).stream('wp')
  const where = { name: 'wp', topic: 'orders', partition: 0 }
  const writer = new PipelinedWriter(cluster.client('wp', { retryMs: 1_500 }), history, random, where)
  let isOver = false
  const running = writer.run(() => isOver)
  cluster.delay('Produce', { ms: 20 })
  let widest = 0
  for (let round = 0; round < ROUNDS; round++) {
    cluster.fail('Produce', { code: 'REQUEST_TIMED_OUT', carriedOut: true, times: 1 })
    for (let step = 0; step < STEPS; step++) {
      await cluster.advance(5)
      const first = history.sends.findIndex(({ outcome }) => outcome === 'under way')
      if (first >= 0) widest = Math.max(widest, history.sends.length - first)
    }
  }
  isOver = true
  await cluster.settled(running)
  expect(history.sends.filter(({ outcome }) => outcome !== 'acknowledged')).toEqual([])
  expect(history.sends.length).toBeGreaterThan(ROUNDS)
  expect(widest).toBe(REMEMBERED_MAX)
})
