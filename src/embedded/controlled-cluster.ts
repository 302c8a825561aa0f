/**
 * What a test does to its cluster, for any world: it checks what was asked, does it, and writes it down.
 *
 * How time passes and what ends with the cluster is the world's own.
 */
import type { VirtualLinks } from '../simulation/virtual-links.ts'
import type { Chronicle } from './chronicle.ts'
import { type Duration, durationMs } from './duration.ts'
import type { DelayFault, FailFault, Fault, FaultRules } from './fault-rules.ts'
import type { ApiName } from './refusals.ts'
import type { TestCluster } from './test-cluster.ts'

/** What passes for everybody of a long stretch of time: whatever a silence leads to has happened by then. */
export const PASSING_MS_MAX = 60_000

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
