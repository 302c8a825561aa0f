/** A cluster inside the test: stock clients on it, deaths and cuts, and that nothing of it is left. */
import { describe, expect, it } from 'vitest'
import { describePartitions } from '../../src/client/admin-topics.ts'
import { Producer } from '../../src/client/producer.ts'
import { startCluster } from '../../src/embedded/testing.ts'
import { nodeNetwork } from '../../src/runtime/node/network.ts'
import { ownClient, until } from './own-client.ts'
import { readValues, stockClient } from './stock-client.ts'

describe('startCluster', () => {
  it('serves a stock client, with what was asked for in place', async () => {
    await using cluster = await startCluster({
      nodes: 3,
      topics: [
        'plain',
        { name: 'wide', partitions: 4, replicationFactor: 2, configs: { 'retention.ms': 1_000 } },
      ],
      records: { plain: ['one', { key: 'k', value: 'two', headers: { h: 'v' } }] },
      configs: { 'message.max.bytes': 4_000 },
    })
    const kafka = stockClient(cluster)
    const admin = kafka.admin()
    await admin.connect()
    const { topics } = await admin.fetchTopicMetadata({ topics: ['plain', 'wide'] })
    await admin.disconnect()
    const of = (topic: string) => topics.find(({ name }) => name === topic)
    const [plain, wide] = [of('plain'), of('wide')]
    expect(plain?.partitions.map(({ replicas }) => replicas.length)).toEqual([3])
    expect(wide?.partitions.map(({ replicas }) => replicas.length)).toEqual([2, 2, 2, 2])
    expect(await readValues(kafka, 'plain', 2)).toEqual(['one', 'two'])
    const producer = kafka.producer()
    await producer.connect()
    await expect(producer.send({ topic: 'plain', messages: [{ value: 'x'.repeat(5_000) }] })).rejects.toThrow(
      /too large|larger/i,
    )
    await producer.disconnect()
  })

  it('loses nothing when a node is killed, and takes it back where it was', async () => {
    await using cluster = await startCluster({ nodes: 3, topics: ['orders'] })
    const client = ownClient(cluster.bootstrap)
    const producer = new Producer(client)
    const send = (value: string) => producer.send('orders', [{ value: Buffer.from(value) }])
    await send('before')
    const [partition] = await describePartitions(client, 'orders')
    const leader = partition?.leaderId ?? 0
    const before = cluster.bootstrap
    await cluster.kill(leader)
    await expect(nodeNetwork.connect('127.0.0.1', portOf(before, leader), 1_000)).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    })
    await send('meanwhile')
    await cluster.restart(leader)
    expect(cluster.bootstrap).toEqual(before)
    await until(
      client,
      () => describePartitions(client, 'orders'),
      ([found]) => found?.isrNodes.length === 3,
    )
    expect(await readValues(stockClient(cluster), 'orders', 2)).toEqual(['before', 'meanwhile'])
    expect(cluster.history().join('\n')).toMatch(
      new RegExp(
        `node ${leader} is killed[\\s\\S]*orders-0: node \\d leads, after node ${leader}[\\s\\S]*node ${leader} serves`,
      ),
    )
    await client.close()
  })

  it('parts nodes from each other, not from their clients', async () => {
    await using cluster = await startCluster({ nodes: 3, topics: ['orders'] })
    const client = ownClient(cluster.bootstrap)
    const [partition] = await describePartitions(client, 'orders')
    const leader = partition?.leaderId ?? 0
    const others = cluster.nodes.filter((id) => id !== leader)
    await cluster.partition([leader], others)
    // As long as it takes to be sure that a node is gone.
    await cluster.advance('10s')
    const alone = ownClient([cluster.bootstrap[leader - 1] ?? ''])
    await alone.refresh([])
    const rest = ownClient(others.map((id) => cluster.bootstrap[id - 1] ?? ''))
    const [moved] = await describePartitions(rest, 'orders')
    expect(others).toContain(moved?.leaderId)
    await cluster.heal()
    await until(
      rest,
      () => describePartitions(rest, 'orders'),
      ([found]) => found?.isrNodes.length === 3,
    )
    for (const one of [client, alone, rest]) await one.close()
  })

  it('keeps its data in a folder over the lives of its nodes', async () => {
    await using cluster = await startCluster({
      nodes: 3,
      storage: 'folder',
      topics: ['kept'],
      records: { kept: ['a', 'b', 'c'] },
    })
    for (const node of cluster.nodes) await cluster.kill(node)
    await Promise.all(cluster.nodes.map((node) => cluster.restart(node)))
    expect(await readValues(stockClient(cluster), 'kept', 3)).toEqual(['a', 'b', 'c'])
  })

  it('keeps the data in memory when all nodes die', async () => {
    await using cluster = await startCluster({ nodes: 3, topics: ['kept'], records: { kept: ['a', 'b'] } })
    for (const node of cluster.nodes) await cluster.kill(node)
    await Promise.all(cluster.nodes.map((node) => cluster.restart(node)))
    expect(await readValues(stockClient(cluster), 'kept', 2)).toEqual(['a', 'b'])
  })

  it('lets nodes be far from each other', async () => {
    await using cluster = await startCluster({
      nodes: 3,
      latency: { leastMs: 20, mostMs: 30 },
      topics: ['far'],
      configs: { 'no.such.setting': 1 },
    })
    const client = ownClient(cluster.bootstrap)
    await client.topic('far')
    const beganMs = performance.now()
    await new Producer(client).send('far', [{ value: Buffer.from('v') }])
    // To a follower, and back with what it has: nothing is acknowledged sooner.
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(40)
    await client.close()
    expect(cluster.history().join('\n')).toMatch(/setting no\.such\.setting/)
  })

  it('gives clusters side by side ports and topics of their own', async () => {
    const clusters = await Promise.all(
      [1, 2, 3].map(() => startCluster({ nodes: 2, seed: 5, topics: ['t'] })),
    )
    const addresses = clusters.flatMap(({ bootstrap }) => bootstrap)
    expect(new Set(addresses).size).toBe(6)
    await Promise.all(clusters.map((cluster) => cluster.close()))
  })

  it.each([
    [{ nodes: 0 }, /nodes: 0/],
    [{ latency: 'moon' as 'lan' }, /"moon" is none of none, lan/],
    [{ configs: { 'broker.session.timeout.ms': 'soon' } }, /broker\.session\.timeout\.ms/],
  ])('says what is wrong with %j', async (options, words) => {
    await expect(startCluster(options)).rejects.toThrow(words)
  })

  it('says what cannot be done', async () => {
    await using cluster = await startCluster()
    await expect(cluster.kill(4)).rejects.toThrow('there is no node 4; there are 1')
    await expect(cluster.partition([1])).rejects.toThrow('two groups')
    await expect(cluster.partition([1], [1])).rejects.toThrow('one side')
    await expect(cluster.advance('7 days' as '7d')).rejects.toThrow('"7 days" is no duration')
    await cluster.kill(1)
    await expect(cluster.kill(1)).rejects.toThrow('does not run')
    const starting = expect(cluster.restart(1)).rejects.toThrow('killed while it started')
    await cluster.kill(1)
    await starting
  })
})

function portOf(bootstrap: readonly string[], node: number): number {
  return Number(bootstrap[node - 1]?.split(':')[1])
}
