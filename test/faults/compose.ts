/**
 * What a newcomer does with containers, from a clean clone: `docker compose up`, the example from this machine and from
 * another container, and then the worst: `docker kill` of each node in turn, under stock kafkajs clients.
 *
 *   node test/faults/compose.ts     (Docker with Compose, the image's base at hand, ports 9092 to 9094 free)
 *
 * The clone is of what is committed here. Containers, volumes and the clone are removed at the end.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { metadata } from '../../src/protocol/messages/metadata.ts'
import { RawConnection } from '../cluster/raw-connection.ts'
import { conclude, isProgram, pause, until } from './script.ts'
import { STOCK_TOPIC, StockLoad } from './stock-load.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const PROJECT = 'sluice-newcomer'
const NODES = [1, 2, 3] as const
const PORTS = [9092, 9093, 9094] as const
const REQUEST_TIMEOUT_MS = 10_000
const HEAL_MS_MAX = 60_000
const LOAD_MS = 2_000

function run(command: string, options: readonly string[], directory = ROOT): string {
  return execFileSync(command, options, {
    cwd: directory,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** Compose is a plug-in of Docker, or a program of its own where the distribution has it so. */
function composeCommand(): readonly string[] {
  try {
    run('docker', ['compose', 'version'])
    return ['docker', 'compose']
  } catch {
    return ['docker-compose']
  }
}

class Newcomer {
  readonly #clone = join(mkdtempSync(join(tmpdir(), 'sluice-newcomer-')), 'sluice')
  readonly #compose = composeCommand()
  readonly violations: string[] = []

  /** A clean clone, and what it brings up. */
  async up(): Promise<void> {
    run('git', ['clone', '--quiet', ROOT, this.#clone])
    this.#composes(['up', '--detach', '--build'])
    for (const node of NODES)
      await until(`node ${node} healthy`, HEAL_MS_MAX, async () => {
        const health = ['inspect', '--format', '{{.State.Health.Status}}', this.#containerOf(node)]
        return run('docker', health).trim() === 'healthy' ? true : null
      })
  }

  /** The example as the README has it; answers what it printed. */
  exampleHere(): string {
    return run(process.execPath, ['examples/kafkajs-round-trip.js', 'README.md', 'localhost:9092'])
  }

  /** The same in a container on the cluster's network, which finds nodes by the names of their services. */
  exampleInContainer(): string {
    const mounts = ['examples', 'node_modules/kafkajs', 'README.md'].flatMap((path) => [
      '--volume',
      `${resolve(ROOT, path)}:/app/${path}:ro`,
    ])
    const example = ['/app/examples/kafkajs-round-trip.js', '/app/README.md', 'sluice-1:29092']
    const place = ['--rm', '--network', `${PROJECT}_default`, ...mounts, '--entrypoint', 'node', 'sluice']
    return run('docker', ['run', ...place, ...example])
  }

  /** Each node is killed and started again while kafkajs clients of this machine write and read. */
  async killEach(tell: (line: string) => void): Promise<void> {
    const load = await StockLoad.open(PORTS.map((port) => `localhost:${port}`).join(','), REQUEST_TIMEOUT_MS)
    for (const node of NODES) {
      await pause(LOAD_MS)
      const container = this.#containerOf(node)
      run('docker', ['kill', container])
      await pause(LOAD_MS)
      run('docker', ['start', container])
      await whole()
      await load.stop()
      await load.compare(this.violations)
      tell(`node ${node} was killed: ${load.summary()}`)
      load.resume()
    }
    await load.stop()
    await load.close(this.violations)
  }

  remove(): void {
    this.#composes(['down', '--volumes', '--timeout', '5'])
    rmSync(resolve(this.#clone, '..'), { recursive: true, force: true })
  }

  #containerOf(node: number): string {
    return this.#composes(['ps', '--quiet', `sluice-${node}`]).trim()
  }

  #composes(options: readonly string[]): string {
    const [command = 'docker', ...first] = this.#compose
    return run(command, [...first, '--project-name', PROJECT, ...options], this.#clone)
  }
}

/** Waits until every node tells that the topic's partitions have three replicas in sync. */
async function whole(): Promise<void> {
  await until('three replicas in sync', HEAL_MS_MAX, async () => {
    for (const port of PORTS) {
      try {
        const connection = await RawConnection.open(port)
        const answer = await connection.request(metadata, 8, { topics: [{ name: STOCK_TOPIC }] })
        connection.close()
        const partitions = answer.topics[0]?.partitions ?? []
        if (partitions.length === 0 || partitions.some(({ isrNodes }) => isrNodes.length < NODES.length))
          return null
      } catch {
        return null
      }
    }
    return true
  })
}

if (isProgram(import.meta.url)) {
  const newcomer = new Newcomer()
  try {
    await newcomer.up()
    console.log('a clean clone is up')
    console.log(`here: ${newcomer.exampleHere().trim().replaceAll('\n', '; ')}`)
    console.log(`in a container: ${newcomer.exampleInContainer().trim().replaceAll('\n', '; ')}`)
    await newcomer.killEach((line) => console.log(line))
    console.log(`here, afterwards: ${newcomer.exampleHere().trim().replaceAll('\n', '; ')}`)
  } finally {
    newcomer.remove()
  }
  conclude(newcomer.violations, 'nothing acknowledged was lost, doubled or reordered')
}
