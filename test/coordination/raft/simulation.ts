/**
 * A quorum under a seed's faults: loss, duplication, reordering, one-way cuts, crashes that lose what was not synced, lost
 * disks, false hints and even false proofs, snapshots, voter changes, transfers. Each seed leaves some kinds of faults out.
 *
 * At the end everything heals, and the quorum must commit again and reach every node.
 */
import assert from 'node:assert'
import type { RaftEffect } from '../../../src/coordination/raft/effect.ts'
import {
  type RaftMessage,
  type ReplicaKey,
  UNKNOWN_DIRECTORY,
  type Voter,
} from '../../../src/coordination/raft/message.ts'
import { type Disk, emptyDisk, type HostLimits, QUEUES, RaftHost } from './raft-host.ts'
import { Random } from './random.ts'
import { SimulationChecks } from './simulation-checks.ts'

interface Flight {
  readonly from: number
  readonly to: number
  readonly message: RaftMessage
}

interface Place {
  key: ReplicaKey
  disk: Disk
  host: RaftHost | null
  lives: number
}

const FLIGHTS_MAX = 300
/** What may happen in a step, and how often beside the others; each seed draws its own factor for each. */
const ACTIONS = [
  ['deliver', 560],
  ['work', 350],
  ['election', 5],
  ['heartbeat', 15],
  ['check-quorum', 2],
  ['propose', 38],
  ['restart', 5],
  ['mend', 3],
  ['cuts', 2],
  ['crashes', 2],
  ['hints', 2],
  ['snapshots', 3],
  ['changes', 20],
  ['transfers', 1],
  ['wipes', 5],
  ['tears', 0.3],
] as const
type Action = (typeof ACTIONS)[number][0]

/** What a seed leaves out with even odds: some actions, and some things that happen to messages and disks. */
const FAULTS = [
  'loss',
  'duplicates',
  'reorder',
  'slow-disks',
  'cuts',
  'crashes',
  'wipes',
  'hints',
  'snapshots',
  'changes',
  'transfers',
  'tears',
] as const
type Fault = (typeof FAULTS)[number]

export interface SimulationCounts {
  leaders: number
  committed: number
  crashes: number
  wipes: number
  changes: number
  installs: number
  truncates: number
  transfers: number
}

export class Simulation {
  readonly counts: SimulationCounts = {
    leaders: 0,
    committed: 0,
    crashes: 0,
    wipes: 0,
    changes: 0,
    installs: 0,
    truncates: 0,
    transfers: 0,
  }
  readonly #random: Random
  readonly #faults: ReadonlySet<Fault>
  readonly #weights: readonly (readonly [Action, number])[]
  readonly #places = new Map<number, Place>()
  readonly #configured: readonly Voter[]
  readonly #limits: HostLimits
  readonly #checks = new SimulationChecks()
  readonly #cuts = new Set<string>()
  #flights: Flight[] = []
  #wiped: ReplicaKey | null = null
  #values = 0
  #tokens = 0

  constructor(seed: number) {
    const random = new Random(seed)
    this.#random = random
    this.#faults = new Set(FAULTS.filter(() => random.chance(0.5)))
    const left: readonly string[] = FAULTS.filter((fault) => !this.#faults.has(fault))
    this.#weights = ACTIONS.filter(([action]) => !left.includes(action)).map(([action, weight]) => [
      action,
      weight * 2 ** (random.next() * 3 - 1.5),
    ])
    this.#limits = { entriesPerRead: 1 + random.below(5), chunkBytes: 40 + random.below(400) }
    const votersCount = 3 + random.below(3)
    const knowsDirectories = random.chance(0.5)
    const keys = Array.from({ length: votersCount + 2 }, (_, index) => ({
      id: index + 1,
      directoryId: `d${index + 1}`,
    }))
    this.#configured = keys.slice(0, votersCount).map(({ id, directoryId }) => ({
      id,
      directoryId: knowsDirectories ? directoryId : UNKNOWN_DIRECTORY,
      endpoints: [],
    }))
    for (const key of keys) this.#places.set(key.id, { key, disk: emptyDisk(), host: null, lives: 1 })
    for (const place of this.#places.values()) this.#start(place)
    this.#connectAll()
  }

  run(steps: number): void {
    for (let step = 0; step < steps; step++) this.#step()
    this.#heal()
    this.counts.committed = this.#checks.committed.length
  }

  get #hosts(): RaftHost[] {
    return [...this.#places.values()].flatMap(({ host }) => (host === null ? [] : [host]))
  }

  #start(place: Place): void {
    const host = new RaftHost(place.key, this.#configured, place.disk, this.#limits, {
      send: (from, to, message) => this.#send(host, from, to, message),
      happened: (_host, _event, effects) => this.#happened(host, effects),
    })
    place.host = host
    host.start()
  }

  #send(host: RaftHost, from: number, to: number, message: RaftMessage): void {
    this.#checks.sent(host, to, message)
    if (this.#flights.length < FLIGHTS_MAX) this.#flights.push({ from, to, message })
  }

  #happened(host: RaftHost, effects: readonly RaftEffect[]): void {
    this.#checks.happened(host, effects)
    for (const { type } of effects) {
      if (type === 'lead') this.counts.leaders++
      else if (type === 'voters-committed') this.counts.changes++
      else if (type === 'install-snapshot') this.counts.installs++
      else if (type === 'truncate') this.counts.truncates++
    }
  }

  #step(): void {
    this.#act(this.#nextAction())
    for (const host of this.#hosts) this.#checks.logMatches(host)
  }

  #nextAction(): Action {
    const total = this.#weights.reduce((sum, [, weight]) => sum + weight, 0)
    let dice = this.#random.next() * total
    for (const [action, weight] of this.#weights) {
      dice -= weight
      if (dice < 0) return action
    }
    return 'deliver'
  }

  #act(action: Action): void {
    const acts: Record<Action, () => void> = {
      deliver: () => this.#deliver(),
      work: () => this.#work(),
      election: () => this.#ring('election'),
      heartbeat: () => this.#ring('heartbeat'),
      'check-quorum': () => this.#ring('check-quorum'),
      propose: () => this.#propose(),
      restart: () => this.#restart(),
      mend: () => this.#cuts.clear(),
      cuts: () => this.#cut(),
      crashes: () => this.#crash(),
      hints: () => this.#hint(),
      snapshots: () => this.#snapshot(),
      changes: () => this.#change(),
      transfers: () => this.#transfer(),
      wipes: () => this.#wipe(),
      tears: () => this.#tear(),
    }
    acts[action]()
  }

  #deliver(): void {
    const random = this.#random
    if (this.#flights.length === 0) return
    const index = this.#faults.has('reorder') && random.chance(0.3) ? random.below(this.#flights.length) : 0
    const [flight] = this.#flights.splice(index, 1)
    if (flight === undefined || this.#cuts.has(`${flight.from}>${flight.to}`)) return
    if (this.#faults.has('loss') && random.chance(0.08)) return
    if (this.#faults.has('duplicates') && random.chance(0.08)) this.#flights.push(flight)
    const { from, message } = flight
    this.#places.get(flight.to)?.host?.tell({ type: 'message', from, message })
  }

  #work(): void {
    const isBusy = ({ work }: RaftHost) => QUEUES.some((queue) => work[queue].length > 0)
    const host = this.#random.pick(this.#hosts.filter(isBusy))
    const busy = QUEUES.filter((queue) => (host?.work[queue].length ?? 0) > 0)
    const queue = this.#random.pick(busy)
    const isDisk = queue === 'log' || queue === 'state'
    if (isDisk && this.#faults.has('slow-disks') && this.#random.chance(0.9)) return
    if (queue !== undefined) host?.step(queue)
  }

  #ring(timer: 'election' | 'heartbeat' | 'check-quorum'): void {
    const host = this.#random.pick(this.#hosts.filter(({ timers }) => timers.has(timer)))
    host?.ring(timer)
  }

  #propose(): void {
    const leaders = this.#hosts.filter(({ machine }) => machine.status.role === 'leader')
    this.#random.pick(leaders)?.propose(`v${++this.#values}`, 1 + this.#random.below(3))
  }

  #crash(): void {
    const alive = [...this.#places.values()].filter(({ host }) => host !== null)
    const leaders = alive.filter(({ host }) => host?.machine.status.role === 'leader')
    const place = this.#random.pick(leaders.length > 0 && this.#random.chance(0.4) ? leaders : alive)
    if (place === undefined || place.host === null) return
    this.counts.crashes++
    const isUnlucky = this.#random.chance(0.5)
    place.disk = place.host.crash((_queue, waiting) => (isUnlucky ? 0 : this.#random.below(waiting + 1)))
    place.host = null
    for (const { id } of this.#hosts) this.#stream(id, place.key.id, 'disconnected')
  }

  #restart(): void {
    const place = this.#random.pick([...this.#places.values()].filter(({ host }) => host === null))
    if (place === undefined) return
    this.#start(place)
    for (const { id } of this.#hosts) {
      if (id === place.key.id) continue
      this.#stream(id, place.key.id, 'connected')
      this.#stream(place.key.id, id, 'connected')
    }
  }

  #stream(id: number, peer: number, type: 'connected' | 'disconnected'): void {
    this.#places.get(id)?.host?.tell({ type, peer })
  }

  #connectAll(): void {
    const ids = [...this.#places.keys()]
    for (const id of ids) {
      for (const peer of ids) if (id !== peer) this.#stream(id, peer, 'connected')
    }
  }

  #cut(): void {
    const ids = [...this.#places.keys()]
    const left = new Set(ids.filter(() => this.#random.chance(0.4)))
    const isOneWay = this.#random.chance(0.4)
    for (const from of ids) {
      for (const to of ids) {
        if (left.has(from) === left.has(to) || (isOneWay && !left.has(from))) continue
        this.#cuts.add(`${from}>${to}`)
      }
    }
  }

  #hint(): void {
    const [one, other] = [this.#random.pick(this.#hosts), this.#random.pick(this.#hosts)]
    if (one === undefined || other === undefined || one === other) return
    const peer = other.id
    if (this.#random.chance(0.3)) one.tell({ type: 'probed', peer, isListening: this.#random.chance(0.2) })
    else one.tell({ type: this.#random.chance(0.5) ? 'disconnected' : 'connected', peer })
  }

  #snapshot(): void {
    this.#random.pick(this.#hosts)?.writeSnapshot(this.#random.below(4))
  }

  #tear(): void {
    const host = this.#random.pick(this.#hosts)
    if (host !== undefined) host.tearsNextSnapshot = true
  }

  #transfer(): void {
    const leader = this.#random.pick(this.#hosts.filter(({ machine }) => machine.status.role === 'leader'))
    const target = this.#random.pick(this.#hosts)
    if (leader === undefined || target === undefined || leader === target) return
    this.counts.transfers++
    leader.tell({ type: 'transfer-leadership', to: this.#random.chance(0.5) ? null : target.id })
  }

  #change(): void {
    const leader = this.#random.pick(this.#hosts.filter(({ machine }) => machine.status.role === 'leader'))
    if (leader === undefined) return
    const { voters } = leader.machine.status
    const lost = this.#wiped
    const isLostVoter = lost !== null && voters.some((voter) => voter.directoryId === lost.directoryId)
    if (isLostVoter)
      this.#ask(
        leader,
        voters.filter(({ directoryId }) => directoryId !== lost.directoryId),
      )
    else if (this.#random.chance(0.2)) this.#askTooMuch(leader, voters)
    else if (voters.length > 3 || this.#random.chance(0.3)) {
      if (voters.length <= 2) return
      const gone = this.#random.pick(voters)
      this.#ask(
        leader,
        voters.filter((voter) => voter !== gone),
      )
    } else {
      const newcomers = this.#hosts.filter(({ id }) => !voters.some((voter) => voter.id === id))
      const newcomer = this.#random.pick(newcomers)
      if (newcomer !== undefined) this.#ask(leader, [...voters, { ...newcomer.key, endpoints: [] }])
    }
  }

  /** Two changes at once, which must be refused. */
  #askTooMuch(leader: RaftHost, voters: readonly Voter[]): void {
    const others = this.#hosts.filter(({ id }) => !voters.some((voter) => voter.id === id))
    const added = others.slice(0, 2).map(({ key }): Voter => ({ ...key, endpoints: [] }))
    if (added.length === 2) this.#ask(leader, [...voters, ...added])
    else if (added.length === 1 && voters.length > 2) this.#ask(leader, [...voters.slice(1), ...added])
  }

  #ask(leader: RaftHost, voters: readonly Voter[]): void {
    leader.tell({ type: 'change-voters', token: ++this.#tokens, voters })
  }

  /** One disk is lost; the next only when no set of voters names the lost one, and every set names disks. */
  #wipe(): void {
    const all = [...this.#places.values()]
    const place = this.#random.pick(all)
    if (place === undefined || place.host === null || all.some(({ host }) => host === null)) return
    const sets = this.#hosts.map(({ machine }) => machine.status.voters)
    const isUnsafe = sets.some(
      (voters) =>
        voters.length < 3 ||
        voters.some(
          ({ directoryId }) => directoryId === UNKNOWN_DIRECTORY || directoryId === this.#wiped?.directoryId,
        ),
    )
    if (isUnsafe) return
    this.counts.wipes++
    this.#wiped = place.key
    place.key = { id: place.key.id, directoryId: `d${place.key.id}.${++place.lives}` }
    place.disk = emptyDisk()
    this.#start(place)
    for (const { id } of this.#hosts) {
      if (id === place.key.id) continue
      this.#stream(id, place.key.id, 'connected')
      this.#stream(place.key.id, id, 'connected')
    }
  }

  /** Everything works again: the quorum must find a leader, commit, and bring everybody up to it. */
  #heal(): void {
    this.#cuts.clear()
    this.#flights = []
    while (this.#hosts.length < this.#places.size) this.#restart()
    this.#connectAll()
    for (const host of this.#hosts) host.tearsNextSnapshot = false
    let wanted: number | null = null
    for (let round = 0; round < 200; round++) {
      this.#settle()
      const leader = this.#hosts
        .filter(({ machine }) => machine.status.role === 'leader')
        .sort((a, b) => b.machine.status.epoch - a.machine.status.epoch)[0]
      if (leader === undefined) this.#ring('election')
      else if (wanted === null || leader.endOffset <= wanted) {
        wanted = leader.endOffset
        leader.propose('the last')
      } else if (this.#isEverywhere(wanted)) {
        for (const host of this.#hosts) this.#checks.prefixHolds(host)
        return
      } else this.#pass(leader)
    }
    const state = this.#hosts.map(({ id, machine }) => ({
      id,
      ...machine.status,
      voters: machine.status.voters.map((v) => `${v.id}/${v.directoryId}`).join(),
    }))
    assert.fail(`no progress after healing: ${JSON.stringify(state, null, 1)}`)
  }

  /** Time passes for a healthy quorum: the leader's timers ring, and those of nodes that have not heard of it. */
  #pass(leader: RaftHost): void {
    for (const host of this.#hosts) {
      if (host.timers.has('heartbeat')) host.ring('heartbeat')
    }
    this.#settle()
    if (leader.timers.has('check-quorum')) leader.ring('check-quorum')
    for (const host of this.#hosts) {
      const { leaderId, role, highWatermark } = host.machine.status
      const isDeaf = leaderId === null || highWatermark < leader.machine.status.highWatermark
      if (isDeaf && role !== 'leader' && host.timers.has('election')) host.ring('election')
    }
  }

  #isEverywhere(offset: number): boolean {
    return this.#hosts.every(({ machine }) => machine.status.highWatermark > offset)
  }

  #settle(): void {
    for (let left = 200_000; left > 0; left--) {
      const flight = this.#flights.shift()
      if (flight !== undefined) {
        const { from, message } = flight
        this.#places.get(flight.to)?.host?.tell({ type: 'message', from, message })
      }
      let isBusy = flight !== undefined
      for (const host of this.#hosts) {
        for (const queue of QUEUES) isBusy = host.step(queue) || isBusy
      }
      if (!isBusy) {
        for (const host of this.#hosts) this.#checks.logMatches(host)
        return
      }
    }
    assert.fail('a healthy quorum comes to rest')
  }
}
