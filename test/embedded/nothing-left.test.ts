/** What a cluster leaves behind in its process when it is closed: nothing. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { startCluster } from '../../src/embedded/testing.ts'
import { hostTurn } from '../../src/runtime/node/host-turn.ts'

/** A place for temporary folders that no other test file uses. */
const place = mkdtempSync(join(tmpdir(), 'nothing-left-'))
process.env.TMPDIR = place
afterAll(() => rmSync(place, { recursive: true }))

const folders = (): string[] => readdirSync(place)

/** The runner has timers of its own; a bare process is looked at in `built.test.ts`. */
const handles = (): string[] =>
  process
    .getActiveResourcesInfo()
    .filter((kind) => kind !== 'Timeout')
    .sort()

describe('a closed cluster', () => {
  it('leaves nothing behind', async () => {
    const before = handles()
    const clusters = await Promise.all([
      startCluster({ nodes: 3, topics: ['a'] }),
      startCluster({ nodes: 1, storage: 'folder', topics: ['b'], records: { b: ['x'] } }),
    ])
    const ports = clusters
      .flatMap(({ bootstrap }) => bootstrap)
      .map((address) => Number(address.split(':')[1]))
    expect(folders()).toHaveLength(1)
    await clusters[0].kill(1)
    await clusters[1].advance('1h')
    for (const cluster of clusters) await cluster.close()
    expect(handles()).toEqual(before)
    expect(folders()).toEqual([])
    for (const port of ports) await canListen(port)
    // What the test itself has just closed goes with its turn.
    await hostTurn()
  })

  it('leaves nothing behind when its start fails half-way', async () => {
    const before = handles()
    const topics = [{ name: 'impossible', replicationFactor: 3 }]
    await expect(startCluster({ nodes: 2, storage: 'folder', topics })).rejects.toThrow(
      /replicas|replication/i,
    )
    expect(handles()).toEqual(before)
    expect(folders()).toEqual([])
  })
})

/** Nobody else listens there. */
function canListen(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => server.close(() => resolve()))
  })
}
