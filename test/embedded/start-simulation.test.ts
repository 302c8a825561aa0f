/** The same cluster in a world of its own: the same hands on it, and the same history from the same seed. */
import { expect, it } from 'vitest'
import { describePartitions } from '../../src/client/admin-topics.ts'
import { Producer } from '../../src/client/producer.ts'
import { startSimulation } from '../../src/embedded/testing.ts'

async function story(
  seed: number,
): Promise<{ readonly hash: string; readonly history: string[]; readonly offsets: number[] }> {
  await using cluster = await startSimulation({
    seed,
    nodes: 3,
    topics: ['orders'],
    records: { orders: ['a'] },
  })
  const producer = new Producer(cluster.client('writer', { retryMs: 60_000 }), { idempotent: true })
  const offsets: number[] = []
  const send = async (): Promise<void> => {
    const [sent] = await cluster.settled(producer.send('orders', [{ value: Buffer.from('x') }]))
    offsets.push(sent?.baseOffset ?? -1)
  }
  cluster.fail('Produce', { code: 'NOT_LEADER_OR_FOLLOWER', times: 2, topic: 'orders' })
  cluster.fail('Produce', { code: 'REQUEST_TIMED_OUT', times: 1, carriedOut: true })
  cluster.delay('Produce', { ms: 500, times: 1 })
  await send()
  await cluster.kill(2)
  await send()
  await cluster.restart(2)
  await cluster.partition([3], [1, 2])
  await cluster.advance('20s')
  await send()
  await cluster.heal()
  await cluster.advance('3d')
  await send()
  return { hash: cluster.hash, history: cluster.history(), offsets }
}

it('tells the same story twice from one seed, and another from another', async () => {
  const [once, again, other] = [await story(11), await story(11), await story(12)]
  expect(again).toEqual(once)
  expect(other.hash).not.toBe(once.hash)
  // A request whose answer was lost was sent again, and taken once.
  for (const { offsets } of [once, other]) expect(offsets).toEqual([1, 2, 3, 4])
  expect(once.history.join('\n')).toMatch(/node 2 is killed[\s\S]*cut: 3 \| 1, 2[\s\S]*3d pass/)
  expect(once.history.join('\n')).toContain('struck 2 times')
})

it('lets brokers give up those that they do not hear, as time goes by', async () => {
  await using cluster = await startSimulation({ seed: 3, nodes: 3, topics: ['orders'] })
  const client = cluster.client()
  const leaderOf = async (): Promise<number> => {
    const [partition] = await cluster.settled(describePartitions(client, 'orders'))
    return partition?.leaderId ?? -1
  }
  const before = await leaderOf()
  await cluster.partition(
    [before],
    cluster.nodes.filter((id) => id !== before),
  )
  await cluster.advance('10s')
  expect(cluster.history().join('\n')).toMatch(new RegExp(`orders-0: node \\d leads, after node ${before}`))
})

it('lets days pass in a moment, and with them retention', async () => {
  await using cluster = await startSimulation({
    nodes: 3,
    topics: [{ name: 'week', configs: { 'retention.ms': 604_800_000 } }],
    records: { week: ['a', 'b'] },
  })
  const beganMs = cluster.nowMs
  await cluster.advance('8d')
  expect(cluster.nowMs - beganMs).toBeGreaterThanOrEqual(8 * 86_400_000)
  expect(cluster.nowMs - beganMs).toBeLessThan(8 * 86_400_000 + 1_000)
  const producer = new Producer(cluster.client())
  const [sent] = await cluster.settled(producer.send('week', [{ value: Buffer.from('c') }]))
  expect(sent?.baseOffset).toBe(2)
  expect(cluster.history().some((line) => line.includes('leads'))).toBe(false)
})

it('fails a call that can never end', async () => {
  await using cluster = await startSimulation({ nodes: 1 })
  await expect(cluster.settled(new Promise(() => {}))).rejects.toThrow('not within')
})
