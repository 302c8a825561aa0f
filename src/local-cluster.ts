/**
 * Several nodes on this machine, each a process of its own: what `start --nodes N` runs.
 *
 * The first listens where a single broker would, the others on the ports after it; one Ctrl-C stops them all. It only
 * starts and stops processes: that they are a cluster is their own doing.
 */
import type { Processes, StartedProcess } from './runtime/processes.ts'
import type { Terminal } from './runtime/terminal.ts'

export interface LocalCluster {
  readonly nodes: number
  readonly host: string
  /** Of the first node; the next have the next. */
  readonly firstPort: number
  readonly dataDirectory: string
  /** Options that every node gets. */
  readonly options: readonly string[]
}

/** Ports of the quorum lie this much above those of clients. */
const QUORUM_PORT_OFFSET = 1_000

/** The arguments of node `id`, from 1 on. */
export function nodeArguments(cluster: LocalCluster, id: number): string[] {
  const { nodes, host, firstPort, dataDirectory, options } = cluster
  const ids = Array.from({ length: nodes }, (_, index) => index + 1)
  const quorum = ids.map((node) => `${node}@${host}:${firstPort + QUORUM_PORT_OFFSET + node - 1}`)
  return [
    'start',
    ...['--node-id', String(id)],
    ...['--listen', `${host}:${firstPort + id - 1}`],
    ...['--quorum', quorum.join(',')],
    ...['--data-dir', `${dataDirectory}/${id}`],
    ...options,
  ]
}

/** Runs the nodes until they are told to stop; the exit code is 0 when all of them stopped in order. */
export async function runLocalCluster(
  terminal: Terminal,
  processes: Processes,
  cluster: LocalCluster,
): Promise<void> {
  const children = new Map<number, StartedProcess>()
  const listening = new Set<number>()
  let exitCode = 0
  let stopping = false
  const stop = (): void => {
    stopping = true
    for (const child of children.values()) child.signal('SIGTERM')
  }
  terminal.onSignal('SIGINT', stop)
  terminal.onSignal('SIGTERM', stop)
  await new Promise<void>((resolve) => {
    for (let id = 1; id <= cluster.nodes; id++) {
      const child = processes.start(nodeArguments(cluster, id), {
        line(text) {
          if (!text.startsWith('listening on ')) return
          void terminal.write(`node ${id} ${text}\n`)
          listening.add(id)
          if (listening.size === cluster.nodes) void terminal.write(welcome(cluster))
        },
        ended(code) {
          children.delete(id)
          if (!stopping)
            terminal.writeError(`sluice: node ${id} has ended with code ${code}; the others go on\n`)
          if (code !== 0) exitCode = 1
          if (children.size === 0) resolve()
        },
      })
      children.set(id, child)
    }
  })
  terminal.exit(exitCode)
}

function welcome({ nodes, host, firstPort }: LocalCluster): string {
  const name = host === '127.0.0.1' ? 'localhost' : host
  const brokers = Array.from({ length: nodes }, (_, index) => `${name}:${firstPort + index}`)
  return [
    `point any Kafka client at ${brokers.join(',')}`,
    `write lines with  npx sluice produce my-topic --bootstrap ${brokers[0]}`,
    `read them with    npx sluice consume my-topic --from-beginning --bootstrap ${brokers[0]}\n`,
  ].join('\n')
}
