/**
 * The verbs of Raft stories: each line does one thing, its transcript says all that follows.
 *
 * `voters 1 2 3 [directories=unknown]` names the configuration; `limits entries=1 chunk=50` what the host reads at once; `log N 1 1 2` and `state N epoch [vote]` lay out a disk;
 * `start N…`; `ring N timer`; `settle [quietly]`; `deliver FROM>TO`, `drop`, `shelve`, `copy`, `unshelve`; `hold N`,
 * `release N`; `sync N state|log|reads [once]` does held work; `propose N value…`; `crash`, `restart`, `wipe`; `cut 1|2 3`,
 * `cut 1>2`, `heal`; `connect 1 2`, `disconnect 1 2` (both hear of it), `hint 1 2` (only the first hears);
 * `probed 1 2 gone|listening` (what 1 found);
 * `snapshot N [keep=K]`, `tear N`; `transfer N [to]`; `change N 1 2 4`; `show`, `pending`.
 */
import type { RaftTimer } from '../../../src/coordination/raft/event.ts'
import { UNKNOWN_DIRECTORY, type Voter } from '../../../src/coordination/raft/message.ts'
import { StepWords } from '../../stories/step-words.ts'
import { QUEUES } from './raft-host.ts'
import { effectText, eventText, hostText, messageText } from './story-text.ts'
import { type Flight, StoryWorld } from './story-world.ts'

const TIMERS: readonly RaftTimer[] = ['election', 'heartbeat', 'check-quorum']

class Step extends StepWords {
  get node(): number {
    return this.numbers[0] ?? 0
  }

  get numbers(): number[] {
    return this.words.map(Number).filter((number) => !Number.isNaN(number))
  }
}

/** `1>2`, or `1>` for everything from 1, or `>2`; with a second word only messages that begin so. */
function picks(step: Step): (flight: Flight) => boolean {
  const [link = '', ...kind] = step.words
  const [from = '', to = ''] = link.split('>')
  return (flight) =>
    (from === '' || flight.from === Number(from)) &&
    (to === '' || flight.to === Number(to)) &&
    messageText(flight.message).startsWith(kind.join(' '))
}

export class Story {
  #lines: string[] = []
  #tokens = 0
  #isQuiet = false
  readonly #world = new StoryWorld({
    happened: (host, event, effects) => {
      if (this.#isQuiet) return
      const outcome = effects.length === 0 ? '' : ` => ${effects.map(effectText).join(', ')}`
      this.#lines.push(`${host.id} ${eventText(event)}${outcome}`)
    },
    lost: (flight) => {
      if (!this.#isQuiet) this.#lines.push(`${flightText(flight)} is lost`)
    },
  })

  /** Runs one line and gives its transcript. */
  step(line: string): string {
    this.#lines = []
    const step = new Step(line)
    const run = this.#verbs(step)[step.verb]
    if (run === undefined) throw new Error(`no verb ${step.verb}`)
    run()
    return this.#lines.join('\n') || 'nothing'
  }

  #verbs(step: Step): Readonly<Record<string, () => void>> {
    const world = this.#world
    const { node, numbers } = step
    const each = (run: (id: number) => void) => () => {
      for (const id of numbers) run(id)
    }
    return {
      voters: () => this.#voters(step),
      limits: () => {
        world.limits.entriesPerRead = Number(step.part('entries') ?? world.limits.entriesPerRead)
        world.limits.chunkBytes = Number(step.part('chunk') ?? world.limits.chunkBytes)
      },
      log: () => this.#layLog(node, numbers.slice(1)),
      state: () => this.#layState(node, numbers[1] ?? 0, numbers[2]),
      start: each((id) => world.start(id)),
      restart: each((id) => world.start(id)),
      crash: each((id) => world.crash(id)),
      wipe: () => world.wipe(node),
      ring: () => this.#ring(step),
      settle: () => this.#settle(step.words.includes('quietly')),
      deliver: () => this.#deliver(world.take(picks(step))),
      drop: () => this.#lose(world.take(picks(step))),
      shelve: () => this.#shelve(world.take(picks(step))),
      copy: () => this.#shelve(world.flights.filter(picks(step))),
      unshelve: () => this.#unshelve(),
      hold: each((id) => void world.held.add(id)),
      release: each((id) => void world.held.delete(id)),
      sync: () => this.#sync(step),
      propose: () => this.#propose(node, step.words.slice(1)),
      cut: () => this.#cut(step),
      heal: () => world.heal(),
      connect: () => this.#stream('connected', numbers, true),
      disconnect: () => this.#stream('disconnected', numbers, true),
      hint: () => this.#stream('disconnected', numbers, false),
      probed: () => this.#probed(step),
      snapshot: () => this.#snapshot(node, Number(step.part('keep') ?? 0)),
      tear: () => {
        world.hostOf(node).tearsNextSnapshot = true
      },
      transfer: () => world.hostOf(node).tell({ type: 'transfer-leadership', to: numbers[1] ?? null }),
      change: () => this.#change(node, step.words.slice(1)),
      show: () => this.#show(numbers),
      pending: () => this.#pending(),
    }
  }

  #voters(step: Step): void {
    const isUnknown = step.part('directories') === 'unknown'
    this.#world.configured = step.numbers.map((id) => ({
      id,
      directoryId: isUnknown ? UNKNOWN_DIRECTORY : this.#world.keyOf(id).directoryId,
      endpoints: [],
    }))
  }

  #layLog(id: number, epochs: readonly number[]): void {
    const disk = this.#world.diskOf(id)
    disk.log.entries = epochs.map((epoch, offset) => ({ epoch, value: `${epoch}.${offset}` }))
    disk.state = { epoch: epochs.at(-1) ?? 0, votedFor: null, leaderId: null }
  }

  #layState(id: number, epoch: number, vote: number | undefined): void {
    const votedFor = vote === undefined ? null : this.#world.keyOf(vote)
    this.#world.diskOf(id).state = { epoch, votedFor, leaderId: null }
  }

  #ring(step: Step): void {
    const timer = TIMERS.find((one) => one === step.words.at(-1))
    if (timer === undefined) throw new Error(`no timer ${step.words.at(-1)}`)
    for (const id of step.numbers) this.#world.hostOf(id).ring(timer)
  }

  #settle(isQuiet: boolean): void {
    this.#isQuiet = isQuiet
    this.#world.settle()
    this.#isQuiet = false
  }

  #shelve(flights: readonly Flight[]): void {
    this.#world.shelf.push(...flights)
    for (const flight of flights) this.#lines.push(`${flightText(flight)} is put aside`)
  }

  #unshelve(): void {
    const { shelf } = this.#world
    this.#world.shelf = []
    this.#deliver(shelf)
  }

  #deliver(flights: readonly Flight[]): void {
    for (const flight of flights) this.#world.deliver(flight)
  }

  #lose(flights: readonly Flight[]): void {
    for (const flight of flights) this.#lines.push(`${flightText(flight)} is lost`)
  }

  #sync(step: Step): void {
    const queue = QUEUES.find((one) => one === step.words[1])
    if (queue === undefined) throw new Error(`no queue ${step.words[1]}`)
    this.#world.work(step.node, queue, step.words.includes('once'))
  }

  #propose(id: number, values: readonly string[]): void {
    for (const value of values) {
      if (!this.#world.hostOf(id).propose(value)) this.#lines.push(`${id} does not lead`)
    }
  }

  /** `cut 1>2`: one way; `cut 1|2,3`: both ways between two sides. */
  #cut(step: Step): void {
    const [link = ''] = step.words
    const isOneWay = link.includes('>')
    const [left = [], right = []] = link
      .split(isOneWay ? '>' : '|')
      .map((side) => side.split(',').map(Number))
    for (const from of left) {
      for (const to of right) {
        this.#world.cut(from, to)
        if (!isOneWay) this.#world.cut(to, from)
      }
    }
  }

  #stream(type: 'connected' | 'disconnected', [from = 0, ...others]: readonly number[], both: boolean): void {
    for (const to of others) {
      this.#world.hosts.get(from)?.tell({ type, peer: to })
      if (both) this.#world.hosts.get(to)?.tell({ type, peer: from })
    }
  }

  #probed({ node, numbers, words }: Step): void {
    const isListening = words.includes('listening')
    for (const peer of numbers.slice(1)) this.#world.hostOf(node).tell({ type: 'probed', peer, isListening })
  }

  #snapshot(id: number, kept: number): void {
    this.#world.hostOf(id).writeSnapshot(kept)
  }

  /** `change 1 1 2 4` by the disks that the nodes have now; `4/d4.2` names a disk, `4/?` none. */
  #change(id: number, names: readonly string[]): void {
    const voters = names.map((name): Voter => {
      const [node = '', directory] = name.split('/')
      const key = this.#world.keyOf(Number(node))
      const directoryId = directory === '?' ? UNKNOWN_DIRECTORY : (directory ?? key.directoryId)
      return { id: key.id, directoryId, endpoints: [] }
    })
    this.#world.hostOf(id).tell({ type: 'change-voters', token: ++this.#tokens, voters })
  }

  #show(ids: readonly number[]): void {
    const hosts = [...this.#world.hosts.values()].sort((a, b) => a.id - b.id)
    for (const host of hosts) {
      if (ids.length === 0 || ids.includes(host.id)) this.#lines.push(hostText(host))
    }
  }

  #pending(): void {
    for (const flight of this.#world.flights) this.#lines.push(flightText(flight))
    for (const host of this.#world.hosts.values()) {
      for (const queue of QUEUES) {
        for (const { what } of host.work[queue]) this.#lines.push(`${host.id} ${what} is not done`)
      }
    }
  }
}

function flightText({ from, to, message }: Flight): string {
  return `${from} > ${to} ${messageText(message)}`
}
