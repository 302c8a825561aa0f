/**
 * The world of Raft stories: nodes by name, a network in which messages wait until they are delivered, cuts in it, and
 * disks that can be held.
 */
import type { RaftEffect } from '../../../src/coordination/raft/effect.ts'
import type { RaftEvent } from '../../../src/coordination/raft/event.ts'
import type { RaftMessage, ReplicaKey, Voter } from '../../../src/coordination/raft/message.ts'
import { type Disk, emptyDisk, QUEUES, type Queue, RaftHost } from './raft-host.ts'

export interface Flight {
  readonly from: number
  readonly to: number
  readonly message: RaftMessage
}

export interface Witness {
  happened(host: RaftHost, event: RaftEvent | 'start', effects: readonly RaftEffect[]): void
  lost(flight: Flight): void
}

const STEPS_MAX = 2_000

export class StoryWorld {
  configured: readonly Voter[] = []
  readonly limits = { entriesPerRead: 100, chunkBytes: 150 }
  flights: Flight[] = []
  /** Messages put aside, to come back later. */
  shelf: Flight[] = []
  readonly hosts = new Map<number, RaftHost>()
  readonly held = new Set<number>()
  readonly #keys = new Map<number, ReplicaKey>()
  readonly #disks = new Map<number, Disk>()
  readonly #lives = new Map<number, number>()
  readonly #cuts = new Set<string>()
  readonly #witness: Witness

  constructor(witness: Witness) {
    this.#witness = witness
  }

  diskOf(id: number): Disk {
    const disk = this.#disks.get(id) ?? emptyDisk()
    this.#disks.set(id, disk)
    return disk
  }

  keyOf(id: number): ReplicaKey {
    const key = this.#keys.get(id) ?? { id, directoryId: `d${id}` }
    this.#keys.set(id, key)
    return key
  }

  hostOf(id: number): RaftHost {
    const host = this.hosts.get(id)
    if (host === undefined) throw new Error(`node ${id} is not there`)
    return host
  }

  start(id: number): void {
    const host = new RaftHost(this.keyOf(id), this.configured, this.diskOf(id), this.limits, {
      send: (from, to, message) => this.flights.push({ from, to, message }),
      happened: (_host, event, effects) => this.#witness.happened(host, event, effects),
    })
    this.hosts.set(id, host)
    host.start()
  }

  /** What was not synced is lost; messages to it and from it are under way still. */
  crash(id: number): void {
    this.#disks.set(id, this.hostOf(id).crash())
    this.hosts.delete(id)
    this.held.delete(id)
  }

  /** The disk is lost with all that was on it. */
  wipe(id: number): void {
    const life = (this.#lives.get(id) ?? 1) + 1
    this.#lives.set(id, life)
    this.#keys.set(id, { id, directoryId: `d${id}.${life}` })
    this.#disks.set(id, emptyDisk())
  }

  cut(from: number, to: number): void {
    this.#cuts.add(`${from}>${to}`)
  }

  heal(): void {
    this.#cuts.clear()
  }

  deliver(flight: Flight): void {
    const { from, to, message } = flight
    const host = this.hosts.get(to)
    if (host === undefined || this.#cuts.has(`${from}>${to}`)) this.#witness.lost(flight)
    else host.tell({ type: 'message', from, message })
  }

  /** Everything that is under way on a link, taken off it. */
  take(isTaken: (flight: Flight) => boolean): Flight[] {
    const taken = this.flights.filter(isTaken)
    this.flights = this.flights.filter((flight) => !isTaken(flight))
    return taken
  }

  /** Disks, reads and messages, in a fixed order, until nothing is left to do. */
  settle(): void {
    for (let left = STEPS_MAX; left > 0; left--) {
      if (!this.#doOne()) return
    }
    throw new Error('this comes to no rest')
  }

  /** Work of one node's queue until there is none, or one piece of it. */
  work(id: number, queue: Queue, isOnce: boolean): void {
    const host = this.hostOf(id)
    while (host.step(queue) && !isOnce);
  }

  #doOne(): boolean {
    for (const host of [...this.hosts.values()].sort((a, b) => a.id - b.id)) {
      for (const queue of QUEUES) {
        const isHeld = this.held.has(host.id) && (queue === 'state' || queue === 'log')
        if (!isHeld && host.step(queue)) return true
      }
    }
    const flight = this.flights.shift()
    if (flight !== undefined) this.deliver(flight)
    return flight !== undefined
  }
}
