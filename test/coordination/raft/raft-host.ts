/**
 * A host for one Raft machine, in memory: a disk that is written only when somebody says so, a network that is a callback,
 * timers that ring only by hand. Stories and the simulation drive the same one.
 */
import assert from 'node:assert'
import type { RaftEffect } from '../../../src/coordination/raft/effect.ts'
import type { DurableState, RaftEvent, RaftTimer } from '../../../src/coordination/raft/event.ts'
import type {
  EntrySpan,
  RaftMessage,
  ReplicaKey,
  SnapshotId,
  Voter,
} from '../../../src/coordination/raft/message.ts'
import { createRaftNode, type RaftMachine } from '../../../src/coordination/raft/raft-node.ts'

/** What stands at one offset. A batch may have several: it is read, sent and cut as a whole. */
export interface Entry {
  readonly epoch: number
  readonly value: string
  readonly voters?: readonly Voter[]
  /** It is in the batch of the offset before. */
  readonly goesOn?: boolean
}

export interface Snapshot {
  readonly id: SnapshotId
  readonly voters: readonly Voter[]
  /** Everything from offset 0 on. */
  readonly entries: readonly Entry[]
}

interface Log {
  startOffset: number
  entries: Entry[]
}

/** What a crash leaves. */
export interface Disk {
  state: DurableState
  log: Log
  snapshot: Snapshot | null
}

/** Something slow that the host does: first what is seen on the disk, then what is told to the machine. */
export interface Work {
  readonly what: string
  readonly toDisk: () => void
  readonly event: () => RaftEvent | null
}

export type Queue = 'state' | 'log' | 'reads' | 'applies'
export const QUEUES: readonly Queue[] = ['state', 'log', 'reads', 'applies']

export interface Outside {
  send(from: number, to: number, message: RaftMessage): void
  happened(host: RaftHost, event: RaftEvent | 'start', effects: readonly RaftEffect[]): void
}

export interface HostLimits {
  readonly entriesPerRead: number
  readonly chunkBytes: number
}

function endOf(log: Log): number {
  return log.startOffset + log.entries.length
}

function spansOf(entries: readonly Entry[], baseOffset: number): EntrySpan[] {
  return entries.map(({ epoch }, index) => ({
    epoch,
    baseOffset: baseOffset + index,
    endOffset: baseOffset + index + 1,
  }))
}

function cut(log: Log, offset: number): void {
  log.entries.length = Math.min(log.entries.length, Math.max(0, offset - log.startOffset))
}

function dropBefore(log: Log, offset: number): void {
  log.entries.splice(0, Math.max(0, offset - log.startOffset))
  log.startOffset = Math.max(log.startOffset, offset)
}

export function emptyDisk(): Disk {
  return {
    state: { epoch: 0, votedFor: null, leaderId: null },
    log: { startOffset: 0, entries: [] },
    snapshot: null,
  }
}

export class RaftHost {
  readonly key: ReplicaKey
  readonly disk: Disk
  readonly machine: RaftMachine
  readonly timers = new Map<RaftTimer, 'whole' | 'soon'>()
  readonly work: Record<Queue, Work[]> = { state: [], log: [], reads: [], applies: [] }
  /** The log as it is in memory, part of it perhaps not on the disk. */
  readonly log: Log
  /** The pieces of a snapshot that are coming in. */
  #incoming: Buffer = Buffer.alloc(0)
  tearsNextSnapshot = false
  #snapshot: Snapshot | null
  #appliedOffset: number
  readonly #limits: HostLimits
  readonly #outside: Outside
  #told: RaftEvent[] = []

  constructor(
    key: ReplicaKey,
    configured: readonly Voter[],
    disk: Disk,
    limits: HostLimits,
    outside: Outside,
  ) {
    this.key = key
    this.disk = disk
    this.#limits = limits
    this.#outside = outside
    const snapshot = disk.snapshot
    if (snapshot !== null && snapshot.id.endOffset > endOf(disk.log)) {
      disk.log = { startOffset: snapshot.id.endOffset, entries: [] }
    }
    this.log = { startOffset: disk.log.startOffset, entries: [...disk.log.entries] }
    this.#snapshot = snapshot
    this.#appliedOffset = snapshot?.id.endOffset ?? 0
    const voters = [{ offset: -1, voters: configured }]
    if (snapshot !== null && snapshot.voters.length > 0) {
      voters.push({ offset: snapshot.id.endOffset - 1, voters: snapshot.voters })
    }
    for (const [index, entry] of this.log.entries.entries()) {
      const offset = this.log.startOffset + index
      if (entry.voters !== undefined && offset >= (snapshot?.id.endOffset ?? 0)) {
        voters.push({ offset, voters: entry.voters })
      }
    }
    this.machine = createRaftNode({
      self: key,
      state: disk.state,
      spans: spansOf(this.log.entries, this.log.startOffset),
      snapshot: snapshot?.id ?? null,
      logStartOffset: this.log.startOffset,
      voters,
    })
  }

  get id(): number {
    return this.key.id
  }

  get endOffset(): number {
    return endOf(this.log)
  }

  get appliedOffset(): number {
    return this.#appliedOffset
  }

  start(): void {
    const effects = this.machine.start()
    this.#outside.happened(this, 'start', effects)
    this.#carryOut(effects)
    this.#drain()
  }

  tell(event: RaftEvent): void {
    this.#told.push(event)
    this.#drain()
  }

  /** Does the next piece of work of a queue; false when there is none. */
  step(queue: Queue): boolean {
    const next = this.work[queue].shift()
    if (next === undefined) return false
    next.toDisk()
    const event = next.event()
    if (event !== null) this.tell(event)
    return true
  }

  /** What is left after a crash: everything synced, and of the rest what `luck` lets reach the disk, in order. */
  crash(luck: (queue: Queue, waiting: number) => number = () => 0): Disk {
    for (const queue of ['state', 'log'] as const) {
      const kept = luck(queue, this.work[queue].length)
      for (const { toDisk } of this.work[queue].slice(0, kept)) toDisk()
    }
    return this.disk
  }

  ring(timer: RaftTimer): void {
    assert(this.timers.has(timer), `the timer ${timer} is not set`)
    this.timers.delete(timer)
    this.tell({ type: 'timer', timer })
  }

  /** A leader's client wants an entry; false where this node does not lead. */
  propose(value: string, size = 1): boolean {
    const { role, epoch } = this.machine.status
    if (role !== 'leader') return false
    const rest = Array.from({ length: size - 1 }, () => ({ epoch, value, goesOn: true }))
    this.#appendOwn([{ epoch, value }, ...rest])
    this.#drain()
    return true
  }

  /** Writes a snapshot of what is applied, once the disk gets to it, and keeps `kept` entries before its end. */
  writeSnapshot(kept: number): void {
    const endOffset = this.#appliedOffset
    if (endOffset <= (this.#snapshot?.id.endOffset ?? 0)) return
    this.#assertBoundary(endOffset)
    const entries = this.entriesBefore(endOffset)
    const voters = entries.findLast((entry) => entry.voters !== undefined)?.voters ?? []
    const epoch = entries.at(-1)?.epoch ?? 0
    const snapshot: Snapshot = { id: { endOffset, epoch }, voters, entries }
    const isNewest = () => endOffset > (this.disk.snapshot?.id.endOffset ?? 0)
    this.work.log.push({
      what: `snapshot ${endOffset}@${epoch}`,
      toDisk: () => {
        if (!isNewest()) return
        this.disk.snapshot = snapshot
        dropBefore(this.disk.log, endOffset - kept)
      },
      event: () => {
        if (this.disk.snapshot !== snapshot) return null
        this.#snapshot = snapshot
        dropBefore(this.log, endOffset - kept)
        return {
          type: 'snapshot-written',
          snapshot: snapshot.id,
          logStartOffset: this.log.startOffset,
          voters,
        }
      },
    })
  }

  /** Every entry of this node before `offset`, those in its snapshot included. */
  entriesBefore(offset: number): Entry[] {
    const early = this.#snapshot?.entries.slice(0, this.log.startOffset) ?? []
    return [...early, ...this.log.entries.slice(0, Math.max(0, offset - this.log.startOffset))]
  }

  entryAt(offset: number): Entry | undefined {
    return this.log.entries[offset - this.log.startOffset]
  }

  #drain(): void {
    for (let event = this.#told.shift(); event !== undefined; event = this.#told.shift()) {
      const effects = this.machine.receive(event)
      this.#outside.happened(this, event, effects)
      this.#carryOut(effects)
    }
  }

  #carryOut(effects: readonly RaftEffect[]): void {
    for (const effect of effects) this.#carry(effect)
  }

  #carry(effect: RaftEffect): void {
    switch (effect.type) {
      case 'persist-state':
        this.#persist(effect.state)
        return
      case 'send':
        this.#outside.send(this.id, effect.to, effect.message)
        return
      case 'send-entries':
        this.work.reads.push(this.#readEntries(effect))
        return
      case 'send-snapshot':
        this.work.reads.push(this.#readSnapshot(effect))
        return
      case 'append':
        this.#append(effect.batches.map((batch): Entry => JSON.parse(batch.toString())))
        assert(this.endOffset === effect.endOffset, 'host and machine have the same log')
        return
      case 'truncate':
        this.#truncate(effect.offset)
        return
      case 'keep-chunk':
        if (effect.position === 0) this.#incoming = Buffer.alloc(0)
        assert(effect.position === this.#incoming.length, 'pieces come in order')
        this.#incoming = Buffer.concat([this.#incoming, effect.bytes])
        return
      case 'install-snapshot':
        this.#install(effect.snapshot)
        return
      case 'advance-high-watermark':
        this.#apply(effect.offset)
        return
      case 'lead':
        this.#appendOwn([{ epoch: effect.epoch, value: `leader ${this.id}` }])
        if (effect.voters.length > 0) this.#appendVoters(effect.epoch, effect.voters)
        return
      case 'append-voters':
        this.#appendVoters(this.machine.status.epoch, effect.voters)
        return
      case 'set-timer':
        this.timers.set(effect.timer, effect.soon ? 'soon' : 'whole')
        return
      case 'cancel-timer':
        this.timers.delete(effect.timer)
        return
      case 'probe':
      case 'resign':
      case 'leader-known':
      case 'voters-refused':
      case 'voters-committed':
        return
    }
  }

  #persist(state: DurableState): void {
    this.work.state.push({
      what: `state ${state.epoch}`,
      toDisk: () => {
        this.disk.state = state
      },
      event: () => ({ type: 'state-persisted', state }),
    })
  }

  /** One batch. */
  #appendOwn(batch: readonly [Entry, ...Entry[]]): void {
    const baseOffset = this.endOffset
    this.#write(batch)
    const span = { epoch: batch[0].epoch, baseOffset, endOffset: this.endOffset }
    this.#told.push({ type: 'appended', span })
  }

  #appendVoters(epoch: number, voters: readonly Voter[]): void {
    const offset = this.endOffset
    this.#appendOwn([{ epoch, value: 'voters', voters }])
    this.#told.push({ type: 'voters-appended', offset, voters })
  }

  #append(entries: readonly Entry[]): void {
    const baseOffset = this.endOffset
    this.#write(entries)
    for (const [index, { voters }] of entries.entries()) {
      if (voters !== undefined) {
        this.#told.push({ type: 'voters-appended', offset: baseOffset + index, voters })
      }
    }
  }

  #write(entries: readonly Entry[]): void {
    const baseOffset = this.endOffset
    this.log.entries.push(...entries)
    const endOffset = this.endOffset
    this.work.log.push({
      what: `log ${endOffset}`,
      toDisk: () => {
        assert(endOf(this.disk.log) === baseOffset, 'the disk is written in order')
        this.disk.log.entries.push(...entries)
      },
      event: () => ({ type: 'log-persisted', endOffset }),
    })
  }

  /** Batches are whole: what is read, cut or put into a snapshot begins and ends with one. */
  #assertBoundary(offset: number): void {
    assert(this.entryAt(offset)?.goesOn !== true, `${offset} lies within a batch`)
  }

  #truncate(offset: number): void {
    this.#assertBoundary(offset)
    cut(this.log, offset)
    this.work.log.push({
      what: `cut ${offset}`,
      toDisk: () => cut(this.disk.log, offset),
      event: () => ({ type: 'truncated', endOffset: offset }),
    })
  }

  #install(id: SnapshotId): void {
    const bytes = this.tearsNextSnapshot ? this.#incoming.subarray(1) : this.#incoming
    this.tearsNextSnapshot = false
    this.#incoming = Buffer.alloc(0)
    const read = (): Snapshot | null => {
      try {
        return JSON.parse(bytes.toString())
      } catch {
        return null
      }
    }
    const snapshot = read()
    this.work.log.push({
      what: `install ${id.endOffset}@${id.epoch}`,
      toDisk: () => {
        if (snapshot === null) return
        this.disk.snapshot = snapshot
        this.disk.log = { startOffset: id.endOffset, entries: [] }
      },
      event: () => {
        if (snapshot === null) return { type: 'snapshot-installed', snapshot: null, voters: [] }
        this.#snapshot = snapshot
        this.#appliedOffset = id.endOffset
        this.log.startOffset = id.endOffset
        this.log.entries = []
        return { type: 'snapshot-installed', snapshot: id, voters: snapshot.voters }
      },
    })
  }

  #apply(offset: number): void {
    this.work.applies.push({
      what: `applies ${offset}`,
      toDisk: () => {},
      event: () => {
        this.#appliedOffset = Math.max(this.#appliedOffset, offset)
        return { type: 'applied', offset }
      },
    })
  }

  #readEntries(effect: Extract<RaftEffect, { type: 'send-entries' }>): Work {
    const { to, epoch, previous, upperBoundOffset, round } = effect
    const event = (): RaftEvent => {
      const { status } = this.machine
      const isLeader = status.role === 'leader' && status.epoch === epoch
      if (!isLeader || previous.endOffset < this.log.startOffset) {
        return { type: 'entries-sent', to, epoch, endOffset: -1 }
      }
      this.#assertBoundary(previous.endOffset)
      let endOffset = Math.min(upperBoundOffset, previous.endOffset + this.#limits.entriesPerRead)
      while (this.entryAt(endOffset)?.goesOn === true) endOffset++
      const { startOffset } = this.log
      const entries = this.log.entries.slice(previous.endOffset - startOffset, endOffset - startOffset)
      this.#outside.send(this.id, to, {
        type: 'append-request',
        epoch,
        leaderId: this.id,
        previous,
        spans: spansOf(entries, previous.endOffset),
        batches: entries.map((entry) => Buffer.from(JSON.stringify(entry))),
        highWatermark: status.highWatermark,
        round,
      })
      return { type: 'entries-sent', to, epoch, endOffset }
    }
    return { what: `reads for ${to}`, toDisk: () => {}, event }
  }

  #readSnapshot(effect: Extract<RaftEffect, { type: 'send-snapshot' }>): Work {
    const { to, epoch, snapshot: id, position } = effect
    const event = (): null => {
      if (this.#snapshot?.id.endOffset !== id.endOffset || this.machine.status.epoch !== epoch) return null
      const all = Buffer.from(JSON.stringify(this.#snapshot))
      const bytes = all.subarray(position, position + this.#limits.chunkBytes)
      const isLast = position + bytes.length >= all.length
      this.#outside.send(this.id, to, {
        type: 'snapshot-chunk',
        epoch,
        leaderId: this.id,
        snapshot: id,
        position,
        bytes,
        isLast,
      })
      return null
    }
    return { what: `reads snapshot for ${to}`, toDisk: () => {}, event }
  }
}
