/**
 * A cluster in a test's hands: nodes that it kills and parts from each other, requests that it has fail, time that it lets
 * pass. The same over real sockets and in a simulated world.
 */
import type { VirtualLinks } from '../simulation/virtual-links.ts'
import type { Chronicle } from './chronicle.ts'
import { type Duration, durationMs } from './duration.ts'
import type { DelayFault, FailFault, Fault, FaultRules } from './fault-rules.ts'
import type { ApiName } from './refusals.ts'

export interface TestCluster extends AsyncDisposable {
  /** The ids of all nodes, from 1 on, running or not. */
  readonly nodes: readonly number[]
  /** Ends a node as SIGKILL does: nothing is handed over. What it had written stays. */
  kill(node: number): Promise<void>
  /** Starts a node again, and resolves when it serves; one that runs is killed first. */
  restart(node: number): Promise<void>
  /**
   * From now on nodes of different groups cannot reach each other; clients reach all, and a node that is in no group too.
   * It takes the place of an earlier one.
   */
  partition(...groups: readonly (readonly number[])[]): Promise<void>
  /** All nodes reach each other again. */
  heal(): Promise<void>
  /** Refuses requests of clients with an error of the protocol. Those of nodes to each other are never struck. */
  fail<A extends ApiName>(api: A, fault: FailFault<A>): Fault
  /** Keeps requests of clients waiting before they are carried out, and those behind them on their connection too. */
  delay<A extends ApiName>(api: A, fault: DelayFault<A>): Fault
  /**
   * Lets time pass in the cluster: retention, time-outs of group members, expiry of committed offsets. It resolves when
   * what was due has been done. The clocks of clients and of the process are as they were.
   */
  advance(duration: Duration): Promise<void>
  /** What the time is in the cluster, in milliseconds since 1970. */
  readonly nowMs: number
  /** What happened so far, one line each. */
  history(): string[]
  /** Ends everything. Idempotent; `await using` does it too. */
  close(): Promise<void>
}

/** What of a cluster differs from world to world. */
export interface ClusterWorld {
  readonly nodes: readonly ControlledNode[]
  readonly links: VirtualLinks
  readonly chronicle: Chronicle
  readonly rules: FaultRules
  readonly nowMs: number
  /** Lets happen what that takes. */
  settled<T>(work: Promise<T>): Promise<T>
  advance(ms: number): Promise<void>
  close(): Promise<void>
}

export interface ControlledNode {
  readonly id: number
  readonly host: string
  readonly isRunning: boolean
  start(): Promise<void>
  kill(): Promise<void> | void
}

export class ControlledCluster implements TestCluster {
  readonly #world: ClusterWorld
  #closed: Promise<void> | null = null

  constructor(world: ClusterWorld) {
    this.#world = world
  }

  get nodes(): readonly number[] {
    return this.#world.nodes.map(({ id }) => id)
  }

  get nowMs(): number {
    return this.#world.nowMs
  }

  async kill(node: number): Promise<void> {
    const killed = this.#node(node)
    if (!killed.isRunning) throw new Error(`node ${node} does not run`)
    this.#world.chronicle.note(`node ${node} is killed`)
    await this.#world.settled(Promise.resolve(killed.kill()))
  }

  async restart(node: number): Promise<void> {
    if (this.#node(node).isRunning) await this.kill(node)
    this.#world.chronicle.note(`node ${node} starts again`)
    await this.#world.settled(this.#node(node).start())
    this.#world.chronicle.note(`node ${node} serves`)
  }

  async partition(...groups: readonly (readonly number[])[]): Promise<void> {
    const named = groups.flat()
    if (groups.length < 2) throw new RangeError('a partition parts two groups of nodes at least')
    if (new Set(named).size < named.length)
      throw new RangeError('a node stands on one side of a partition only')
    const hosts = groups.map((group) => group.map((id) => this.#node(id).host))
    const { links, chronicle } = this.#world
    links.heal()
    for (const [index, group] of hosts.entries())
      for (const from of group)
        for (const to of hosts.filter((_, other) => other !== index).flat()) links.cut(from, to)
    chronicle.note(`the network is cut: ${groups.map((group) => group.join(', ')).join(' | ')}`)
  }

  async heal(): Promise<void> {
    this.#world.links.heal()
    this.#world.chronicle.note('the network is whole')
  }

  fail<A extends ApiName>(api: A, fault: FailFault<A>): Fault {
    const made = this.#world.rules.fail(api, fault)
    const how = fault.carriedOut === true ? ' after it was carried out' : ''
    return this.#noted(made, `${api}${about(fault)} fails with ${fault.code}${how}`)
  }

  delay<A extends ApiName>(api: A, fault: DelayFault<A>): Fault {
    const made = this.#world.rules.delay(api, fault)
    return this.#noted(made, `${api}${about(fault)} waits for ${fault.ms} ms`)
  }

  async advance(duration: Duration): Promise<void> {
    const ms = durationMs(duration)
    this.#world.chronicle.note(`${typeof duration === 'number' ? `${duration} ms` : duration} pass`)
    await this.#world.advance(ms)
  }

  history(): string[] {
    return this.#world.chronicle.lines()
  }

  close(): Promise<void> {
    this.#closed ??= this.#world.close()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #noted(fault: Fault, words: string): Fault {
    this.#world.chronicle.note(() => `${words}: struck ${fault.struck} times`)
    return fault
  }

  #node(id: number): ControlledNode {
    const node = this.#world.nodes.find((candidate) => candidate.id === id)
    if (node === undefined) throw new RangeError(`there is no node ${id}; there are ${this.nodes.join(', ')}`)
    return node
  }
}

function about({ topic }: { readonly topic?: string | undefined }): string {
  return topic === undefined ? '' : ` of ${topic}`
}
