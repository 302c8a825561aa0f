import { describe, expect, it } from 'vitest'
import { decisionBatch, leaderChangeBatch } from '../../../src/broker/quorum/metadata-batches.ts'
import { epochSpans, RaftLog } from '../../../src/broker/quorum/raft-log.ts'
import type { QuorumWorld } from '../../../src/broker/quorum/raft-quorum-options.ts'
import { setBaseOffset, setLeaderEpoch } from '../../../src/protocol/records/batch.ts'
import { silentLog } from '../../../src/runtime/log.ts'
import type { Log } from '../../../src/storage/log.ts'
import { TestWorld } from '../../storage/support/world.ts'
import { MemoryNetwork } from './support/memory-peers.ts'

const NOW = 1_700_000_000_000

function batch(name: string): Buffer {
  return decisionBatch(
    [{ type: 'ConfigRecord', value: { resourceType: 2, resourceName: name, name: 'k', value: 'v' } }],
    NOW,
  )
}

/** Entries as another node's log has them. */
function replica(baseOffset: number, epoch: number, names: readonly string[]): Buffer {
  return Buffer.concat(
    names.map((name, index) => {
      const bytes = batch(name)
      setBaseOffset(bytes, 0, baseOffset + index)
      setLeaderEpoch(bytes, 0, epoch)
      return bytes
    }),
  )
}

function open() {
  const world = new TestWorld()
  const log: Log = world.create()
  const told: string[] = []
  const quorumWorld: QuorumWorld = {
    clock: world.clock,
    disk: world.disk,
    random: { bytes: (sizeBytes) => Buffer.alloc(sizeBytes), below: () => 0 },
    log: silentLog,
    peers: new MemoryNetwork(world.clock).peersOf('node-1'),
  }
  const raftLog = new RaftLog(log, quorumWorld, {
    written: () => {},
    persisted: (endOffset) => told.push(`persisted ${endOffset}`),
    takenBack: (fromOffset) => told.push(`taken back ${fromOffset}`),
    failed: (reason) => told.push(`failed ${reason}`),
  })
  const announce = (span: { baseOffset: number; endOffset: number; epoch: number }): void => {
    told.push(`appended ${span.baseOffset}-${span.endOffset} of ${span.epoch}`)
  }
  const content = (): string[] => {
    const bytes: string[] = []
    for (let offset = log.logStartOffset; offset < log.logEndOffset; offset++)
      bytes.push(`${offset}:${log.leaderEpochOf(offset)}`)
    return bytes
  }
  return { world, log, raftLog, told, announce, content }
}

describe('the metadata log of a Raft node', () => {
  it('announces an entry when it is in the file, and then that it is on the disk', () => {
    const { world, raftLog, told, announce } = open()
    raftLog.appendControl(() => leaderChangeBatch(1, [], [], NOW), 3, announce)
    raftLog.appendDecision(batch('a'), 3, announce)
    expect(told).toEqual([])
    world.settle()
    expect(told).toEqual(['appended 0-1 of 3', 'appended 1-2 of 3', 'persisted 2'])
  })

  it('trap 1: never announces what a full disk took back, and brings control batches in when there is room', () => {
    const { world, log, raftLog, told, announce } = open()
    world.disk.capacityBytes = world.disk.usedBytes() + 10
    raftLog.appendControl(() => leaderChangeBatch(1, [], [], NOW), 3, announce)
    raftLog.appendDecision(batch('a'), 3, announce)
    world.settle()
    expect(told).toEqual(['taken back 0'])
    world.disk.capacityBytes = Number.POSITIVE_INFINITY
    world.clock.advance(1_000)
    expect(told).toEqual(['taken back 0', 'appended 0-1 of 3', 'persisted 1'])
    expect(log.logEndOffset).toBe(1)
  })

  it('brings the leader’s entries in when there is room, in order', () => {
    const { world, log, raftLog, told } = open()
    world.disk.capacityBytes = world.disk.usedBytes() + 10
    raftLog.appendReplica(replica(0, 2, ['a', 'b']), 2, 2)
    world.settle()
    raftLog.appendReplica(replica(2, 2, ['c']), 3, 2)
    world.settle()
    expect([log.logEndOffset, told.filter((line) => line.startsWith('persisted'))]).toEqual([0, []])
    world.disk.capacityBytes = Number.POSITIVE_INFINITY
    world.clock.advance(1_000)
    expect(log.logEndOffset).toBe(3)
    expect(told.at(-1)).toBe('persisted 3')
  })

  it('brings own control batches in behind entries that wait for room', () => {
    const { world, raftLog, told, announce, content } = open()
    world.disk.capacityBytes = world.disk.usedBytes() + 10
    raftLog.appendReplica(replica(0, 2, ['a', 'b']), 2, 2)
    world.settle()
    raftLog.appendControl(() => leaderChangeBatch(1, [], [], NOW), 3, announce)
    world.disk.capacityBytes = Number.POSITIVE_INFINITY
    world.clock.advance(1_000)
    expect(content()).toEqual(['0:2', '1:2', '2:3'])
    expect(told.slice(-2)).toEqual(['appended 2-3 of 3', 'persisted 3'])
  })

  it('cuts entries that wait for room, within a message too', () => {
    const { world, raftLog, told, content } = open()
    world.disk.capacityBytes = world.disk.usedBytes() + 10
    raftLog.appendReplica(replica(0, 2, ['a', 'b', 'c']), 3, 2)
    world.settle()
    raftLog.truncate(1, () => told.push('cut'))
    raftLog.appendReplica(replica(1, 3, ['d']), 2, 3)
    world.disk.capacityBytes = Number.POSITIVE_INFINITY
    world.clock.advance(1_000)
    expect(content()).toEqual(['0:2', '1:3'])
    expect(told.at(-1)).toBe('persisted 2')
  })

  it('appends behind a cut only when that is done, and believes no sync of what is being cut', () => {
    const { world, log, raftLog, told, content } = open()
    raftLog.appendReplica(replica(0, 2, ['a', 'b', 'c', 'd']), 4, 2)
    world.clock.turn()
    raftLog.truncate(2, () => told.push('cut'))
    raftLog.appendReplica(replica(2, 3, ['e', 'f', 'g']), 5, 3)
    expect(told).toEqual([])
    world.settle()
    expect(content()).toEqual(['0:2', '1:2', '2:3', '3:3', '4:3'])
    expect(told[0]).toBe('cut')
    expect(told.at(-1)).toBe('persisted 5')
    for (const line of told.slice(1, -1)) expect(['persisted 2']).toContain(line)
    expect(log.durableOffset).toBe(5)
  })

  it('forgets own entries that were not announced, before another leader’s take their place', () => {
    const { world, raftLog, told, announce, content } = open()
    raftLog.appendControl(() => leaderChangeBatch(1, [], [], NOW), 3, announce)
    world.settle()
    told.length = 0
    raftLog.appendDecision(batch('mine'), 3, announce)
    raftLog.forgetOwn()
    raftLog.appendReplica(replica(1, 4, ['theirs', 'too']), 3, 4)
    world.settle()
    expect(content()).toEqual(['0:3', '1:4', '2:4'])
    expect(told.filter((line) => line.startsWith('appended'))).toEqual([])
    expect(told.at(-1)).toBe('persisted 3')
    for (const line of told.slice(0, -1)) expect(line).toBe('persisted 1')
  })

  it('goes on, empty, behind a snapshot', () => {
    const { world, log, raftLog, told, content } = open()
    raftLog.appendReplica(replica(0, 2, ['a', 'b']), 2, 2)
    world.settle()
    raftLog.restartAt(10, () => told.push('restarted'))
    raftLog.appendReplica(replica(10, 5, ['k']), 11, 5)
    world.settle()
    expect([log.logStartOffset, content()]).toEqual([10, ['10:5']])
    expect(told).toEqual(['persisted 2', 'restarted', 'persisted 11'])
  })

  it('tells its epochs', () => {
    const { world, log, raftLog } = open()
    expect(epochSpans(log)).toEqual([])
    raftLog.appendReplica(replica(0, 2, ['a', 'b']), 2, 2)
    raftLog.appendReplica(replica(2, 5, ['c']), 3, 5)
    world.settle()
    expect(epochSpans(log)).toEqual([
      { epoch: 2, baseOffset: 0, endOffset: 2 },
      { epoch: 5, baseOffset: 2, endOffset: 3 },
    ])
  })

  it('trap 7: says that it failed, and nothing of taking back', () => {
    const { world, raftLog, told, announce } = open()
    world.disk.fault = (operation) => (operation === 'write' ? 'EIO' : null)
    raftLog.appendDecision(batch('a'), 3, announce)
    world.settle()
    expect(told.length).toBe(1)
    expect(told[0]).toMatch(/^failed /)
    expect(raftLog.isBroken).toBe(true)
  })
})
