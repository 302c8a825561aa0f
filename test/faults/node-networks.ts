/**
 * A network for each node of a test: its own namespace, one cable each to a bridge, on which the clients stand too.
 *
 * Cuts drop packets inside one namespace, so they may be one-way. Needs root; everything carries this module's names, and
 * what a former run left behind is removed first. Nothing outside them is touched but one rule that lets the bridge pass
 * packets.
 */
import { spawnSync } from 'node:child_process'

const BRIDGE = 'sluicebr0'
const SUBNET = '10.213.77'
const CLIENTS = 254
/** Where `ip netns` keeps them. */
const NAMESPACES = '/run/netns'

export type Direction = 'in' | 'out'

interface Ran {
  readonly output: string
  readonly problem: string | null
}

function run(command: string, ...values: readonly string[]): Ran {
  const result = spawnSync(command, values, { encoding: 'utf8' })
  if (result.error !== undefined) return { output: '', problem: `${command}: ${result.error.message}` }
  const problem = result.status === 0 ? null : `${command} ${values.join(' ')}: ${result.stderr.trim()}`
  return { output: result.stdout, problem }
}

function mustRun(command: string, ...values: readonly string[]): void {
  const { problem } = run(command, ...values)
  if (problem !== null) throw new Error(problem)
}

function namespaceOf(node: number): string {
  return `sluice-node-${node}`
}

function cableOf(node: number): string {
  return `sluiceve${node}`
}

/** Where a firewall sees bridged packets too, they must be let through. */
const LET_BRIDGED_PASS = ['FORWARD', '-i', BRIDGE, '-o', BRIDGE, '-j', 'ACCEPT'] as const

/** null where networks can be made; else why not. */
export function whyNoNetworks(): string | null {
  if (process.getuid?.() !== 0) return 'only root can make network namespaces'
  try {
    new NodeNetworks(1).remove()
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

export class NodeNetworks {
  readonly #nodes: readonly number[]

  constructor(nodes: number) {
    this.#nodes = Array.from({ length: nodes }, (_, index) => index + 1)
    this.remove()
    try {
      this.#build()
    } catch (error) {
      this.remove()
      throw error
    }
  }

  hostOf(node: number): string {
    return `${SUBNET}.${node}`
  }

  /**
   * The command that runs another one in a node's network, as the same process. Not `ip netns exec`, which has a mount
   * namespace of its own too: it would hold on to the file systems that another test unmounts.
   */
  launcherOf(node: number): readonly string[] {
    return ['nsenter', `--net=${NAMESPACES}/${namespaceOf(node)}`]
  }

  /** From now on `node` loses all packets that come from, or go to, these others. */
  cut(node: number, others: readonly number[], directions: readonly Direction[]): void {
    for (const other of others) this.#drop(node, this.hostOf(other), directions)
  }

  /** The same, with the clients. */
  cutClients(node: number, directions: readonly Direction[]): void {
    this.#drop(node, `${SUBNET}.${CLIENTS}`, directions)
  }

  /** All packets arrive again. */
  heal(): void {
    for (const node of this.#nodes) this.#inside(node, 'iptables', '-w', '-F')
  }

  /** Removes everything of that name, also what a former run left: its processes too. */
  remove(): void {
    for (const name of run('ip', 'netns', 'list')
      .output.split('\n')
      .map((line) => line.split(' ')[0] ?? '')) {
      if (!name.startsWith(namespaceOf(0).slice(0, -1))) continue
      for (const id of run('ip', 'netns', 'pids', name).output.split('\n').filter(Boolean)) killed(Number(id))
      mustRun('ip', 'netns', 'delete', name)
    }
    for (const node of [1, 2, 3, 4, 5]) run('ip', 'link', 'delete', cableOf(node))
    run('ip', 'link', 'delete', BRIDGE)
    while (run('iptables', '-w', '-D', ...LET_BRIDGED_PASS).problem === null);
  }

  #build(): void {
    mustRun('ip', 'link', 'add', BRIDGE, 'type', 'bridge')
    mustRun('ip', 'address', 'add', `${SUBNET}.${CLIENTS}/24`, 'dev', BRIDGE)
    mustRun('ip', 'link', 'set', BRIDGE, 'up')
    mustRun('iptables', '-w', '-I', ...LET_BRIDGED_PASS)
    for (const node of this.#nodes) {
      const [namespace, cable] = [namespaceOf(node), cableOf(node)]
      mustRun('ip', 'netns', 'add', namespace)
      mustRun('ip', 'link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace)
      mustRun('ip', 'link', 'set', cable, 'master', BRIDGE, 'up')
      this.#inside(node, 'ip', 'address', 'add', `${this.hostOf(node)}/24`, 'dev', 'eth0')
      this.#inside(node, 'ip', 'link', 'set', 'lo', 'up')
      this.#inside(node, 'ip', 'link', 'set', 'eth0', 'up')
    }
  }

  #drop(node: number, address: string, directions: readonly Direction[]): void {
    for (const direction of directions)
      if (direction === 'in') this.#inside(node, 'iptables', '-w', '-A', 'INPUT', '-s', address, '-j', 'DROP')
      else this.#inside(node, 'iptables', '-w', '-A', 'OUTPUT', '-d', address, '-j', 'DROP')
  }

  #inside(node: number, command: string, ...values: readonly string[]): void {
    const [launcher = '', ...prefix] = this.launcherOf(node)
    mustRun(launcher, ...prefix, command, ...values)
  }
}

/** Ends a process that may be gone already. */
function killed(id: number): void {
  try {
    process.kill(id, 'SIGKILL')
  } catch {
    // It was gone.
  }
}
