import { afterEach, describe, expect, it } from 'vitest'
import { NotController } from '../../../src/broker/quorum/not-controller.ts'
import { openRaftQuorum } from '../../../src/broker/quorum/open-raft-quorum.ts'
import type { RaftQuorum } from '../../../src/broker/quorum/raft-quorum.ts'
import { defaultQuorumTimeouts } from '../../../src/broker/quorum/raft-quorum-options.ts'
import { silentLog } from '../../../src/runtime/log.ts'
import { MemoryDisk } from '../../../src/runtime/memory-disk.ts'
import { createNodeClock } from '../../../src/runtime/node/clock.ts'
import { createGrpcPeers } from '../../../src/runtime/node/grpc-peers.ts'
import { nodeRandom } from '../../../src/runtime/node/random.ts'
import type { PeerAddress, PeerNetwork } from '../../../src/runtime/peers.ts'
import { defaultLogConfig } from '../../../src/storage/log-config.ts'
import { LogManager } from '../../../src/storage/log-manager.ts'
import { MetadataSnapshots } from '../../../src/storage/metadata-snapshots.ts'
import { setting } from './support/quorum-cluster.ts'

const IDS = [1, 2, 3]
const TOPIC = '__cluster_metadata'
const FOLDER = `/data/${TOPIC}-0`

/** gRPC over loopback, where nodes are known by their names and listen on whatever port is free. */
class Loopback {
  readonly #ports = new Map<string, number>()

  peersOf(name: string): PeerNetwork {
    const peers = createGrpcPeers()
    // A node that does not listen yet is where nobody is.
    const found = (address: PeerAddress): PeerAddress => ({
      host: '127.0.0.1',
      port: this.#ports.get(address.host) ?? 1,
    })
    return {
      serve: async (_host, _port, handlers, tls) => {
        const server = await peers.serve('127.0.0.1', 0, handlers, tls)
        this.#ports.set(name, server.port)
        return server
      },
      openStream: (address, tls, receiver) => peers.openStream(found(address), tls, receiver),
      call: (address, tls, request, deadlineMs) => peers.call(found(address), tls, request, deadlineMs),
      isListening: (address, limitMs) => peers.isListening(found(address), limitMs),
      close: () => peers.close(),
    }
  }
}

const stops: Array<() => Promise<unknown>> = []

afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()))
})

async function started(id: number, loopback: Loopback): Promise<RaftQuorum> {
  const clock = createNodeClock()
  const disk = new MemoryDisk({
    later: (callback) => setImmediate(callback),
    tracksDurability: false,
    wallMs: () => clock.wallMs(),
  })
  disk.makeDirectory('/data')
  const peers = loopback.peersOf(`node-${id}`)
  const world = { clock, disk, random: nodeRandom, log: silentLog, peers }
  const manager = new LogManager(world, {
    directories: ['/data'],
    configOf: () => ({ ...defaultLogConfig, deletes: false }),
    openFilesMax: 100,
    checkpointIntervalMs: 5_000,
  })
  manager.openDirectories()
  const [directoryId] = manager.format(id, 'cluster')
  await manager.load()
  const created = manager.create(TOPIC, 0, 'AAAAAAAAAAAAAAAAAAAAAQ')
  if (!created.ok || directoryId === undefined) throw new Error('no log')
  const quorum = await openRaftQuorum(
    {
      clusterId: 'cluster',
      nodeId: id,
      directoryId,
      voters: IDS.map((voter) => ({ id: voter, host: `node-${voter}`, port: 0 })),
      listener: { host: `node-${id}`, port: 0 },
      listenerName: 'CONTROLLER',
      tls: null,
      timeouts: defaultQuorumTimeouts,
      bytesBetweenSnapshots: () => 1e9,
      snapshotIntervalMs: () => 0,
    },
    {
      log: created.log,
      snapshots: new MetadataSnapshots(disk, FOLDER, () => clock.wallMs()),
      folder: FOLDER,
    },
    world,
  )
  quorum.serveCommands(async (payload, from) => Buffer.from(`${id} to ${from}: ${payload}`))
  stops.push(async () => {
    await quorum.stop()
    peers.close()
    manager.abandon()
  })
  await quorum.start()
  return quorum
}

/** The first of these that becomes the active controller. */
function nextLeader(quorums: readonly RaftQuorum[]): Promise<RaftQuorum> {
  return new Promise((resolve) => {
    for (const quorum of quorums) quorum.onLeadership({ lead: () => resolve(quorum), resign: () => {} })
  })
}

describe('a quorum of three over gRPC', () => {
  it('elects, commits, serves commands from every node, and replaces a leader that stops', async () => {
    const loopback = new Loopback()
    const quorums = await Promise.all(IDS.map((id) => started(id, loopback)))
    const leader = await nextLeader(quorums)
    expect(await leader.submit(setting('a'))).toBe('a')
    await Promise.all(quorums.map((quorum) => quorum.whenCaughtUp()))
    await leader.whenServed(leader.status.highWatermark, () => IDS, 5_000)
    for (const quorum of quorums) expect(quorum.image.configs.size).toBe(1)
    const { leaderId, leaderEpoch } = leader.status
    const others = quorums.filter((quorum) => quorum !== leader)
    for (const [index, quorum] of quorums.entries())
      expect(String(await quorum.callController(Buffer.from('x'), 5_000))).toBe(
        `${leaderId} to ${index + 1}: x`,
      )
    for (const other of others) await expect(other.submit(setting('b'))).rejects.toBeInstanceOf(NotController)

    const next = nextLeader(others)
    await leader.stop()
    const successor = await next
    expect(await successor.submit(setting('b'))).toBe('b')
    expect(successor.image.configs.size).toBe(2)
    expect(successor.activeEpoch).toBeGreaterThan(leaderEpoch)
  })
})
