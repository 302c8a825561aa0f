import { describe, expect, it } from 'vitest'
import {
  decodeQuorumState,
  encodeQuorumState,
  firstState,
  QuorumStateFile,
  readQuorumState,
} from '../../../src/broker/quorum/quorum-state-file.ts'
import type { DurableState } from '../../../src/coordination/raft/event.ts'
import { silentLog } from '../../../src/runtime/log.ts'
import { DIRECTORY, TestWorld } from '../../storage/support/world.ts'
import { MemoryNetwork } from './support/memory-peers.ts'

const voted: DurableState = {
  epoch: 7,
  votedFor: { id: 2, directoryId: 'Xv3_1d6tT8Ox8oVqv5cDpA' },
  leaderId: null,
}
const led: DurableState = { epoch: 8, votedFor: null, leaderId: 3 }

function open() {
  const world = new TestWorld()
  const failures: string[] = []
  const file = new QuorumStateFile(
    {
      clock: world.clock,
      disk: world.disk,
      random: { bytes: (sizeBytes) => Buffer.alloc(sizeBytes), below: () => 0 },
      log: silentLog,
      peers: new MemoryNetwork(world.clock).peersOf('node-1'),
    },
    DIRECTORY,
    (error) => failures.push(error.code),
  )
  const told: number[] = []
  const write = (state: DurableState): void => file.write(state, () => told.push(state.epoch))
  const read = (): DurableState => readQuorumState(world.disk, DIRECTORY, 0, false)
  return { world, file, failures, told, write, read }
}

describe('quorum-state', () => {
  it('is the JSON that Kafka writes, and reads Kafka’s own of both versions', () => {
    expect(encodeQuorumState(voted).toString()).toBe(
      '{"leaderId":-1,"leaderEpoch":7,"votedId":2,"votedDirectoryId":"Xv3_1d6tT8Ox8oVqv5cDpA","data_version":1}',
    )
    for (const state of [voted, led, firstState])
      expect(decodeQuorumState(encodeQuorumState(state))).toEqual(state)
    const older =
      '{"clusterId":"","leaderId":1,"leaderEpoch":4,"votedId":-1,"appliedOffset":0,"currentVoters":[{"voterId":1}],"data_version":0}'
    expect(decodeQuorumState(Buffer.from(older))).toEqual({ epoch: 4, votedFor: null, leaderId: 1 })
  })

  it('is nothing when it is torn or nonsense', () => {
    const whole = encodeQuorumState(voted)
    for (let size = 0; size < whole.length; size++)
      expect(decodeQuorumState(whole.subarray(0, size))).toBeNull()
    for (const text of [
      'null',
      '7',
      '{}',
      '{"leaderId":1,"leaderEpoch":-1}',
      '{"leaderId":"1","leaderEpoch":1}',
    ])
      expect(decodeQuorumState(Buffer.from(text))).toBeNull()
  })

  it('trap 14: is on the disk, name and content, before anybody is told', () => {
    const { world, told, write, read } = open()
    write(voted)
    expect(told).toEqual([])
    world.settle()
    expect(told).toEqual([7])
    world.die(() => 0)
    expect(read()).toEqual(voted)
  })

  it('never goes back to an older state, and tells of each in order', () => {
    const { world, told, write, read } = open()
    write(voted)
    write(led)
    write({ ...led, epoch: 9 })
    world.settle()
    expect(told).toEqual([7, 8, 9])
    expect(read().epoch).toBe(9)
  })

  it('trap 1: waits for room, and then writes the newest', () => {
    const { world, told, write, read } = open()
    world.disk.capacityBytes = world.disk.usedBytes() + 10
    write(voted)
    world.settle()
    write(led)
    world.settle()
    expect(told).toEqual([])
    world.disk.capacityBytes = Number.POSITIVE_INFINITY
    world.clock.advance(2_000)
    expect(told).toEqual([7, 8])
    expect(read()).toEqual(led)
  })

  it('tells of states in order, though the first ones had to wait for room', () => {
    const { world, told, write, read } = open()
    world.disk.capacityBytes = world.disk.usedBytes() + 10
    write(voted)
    world.settle()
    world.disk.capacityBytes = Number.POSITIVE_INFINITY
    write(led)
    world.settle()
    expect(told).toEqual([7, 8])
    world.clock.advance(2_000)
    expect(told).toEqual([7, 8])
    expect(read()).toEqual(led)
  })

  it('trap 7: gives up when the disk has failed', () => {
    const { world, failures, told, write } = open()
    world.disk.fault = (operation) => (operation === 'sync' ? 'EIO' : null)
    write(voted)
    world.clock.advance(2_000)
    expect([failures, told]).toEqual([['EIO'], []])
  })

  it('is missed where the log has entries and others vote', () => {
    const { world } = open()
    const read = (logEpoch: number, isOnlyVoter: boolean): DurableState =>
      readQuorumState(world.disk, DIRECTORY, logEpoch, isOnlyVoter)
    expect(read(0, false)).toEqual(firstState)
    expect(read(5, true)).toEqual({ ...firstState, epoch: 5 })
    expect(() => read(5, false)).toThrow('is missing')
  })

  it('counts no vote of an epoch before the log’s', () => {
    const { world, write } = open()
    write(voted)
    world.settle()
    expect(readQuorumState(world.disk, DIRECTORY, 7, false)).toEqual(voted)
    expect(readQuorumState(world.disk, DIRECTORY, 9, false)).toEqual({ ...firstState, epoch: 9 })
  })
})
