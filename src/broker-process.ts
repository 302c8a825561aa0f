/**
 * A broker as a process of its own: configuration in, signals out.
 *
 * `listening on HOST:PORT` goes to standard output when, and only when, clients can connect. The first
 * SIGTERM or SIGINT stops cleanly, a second one at once; a configuration that cannot be is exit code 1, and so is the
 * end of a node that has lost its metadata log.
 */
import { createBroker } from './broker/broker.ts'
import type { BrokerConfig } from './broker/config/broker-config.ts'
import { type LoadedConfig, loadConfig } from './broker/config/load-config.ts'
import type { LogLevel } from './runtime/node/log.ts'
import { createNodeLog } from './runtime/node/log.ts'
import { keepMemoryTrim } from './runtime/node/trim-memory.ts'
import { createNodeWorld } from './runtime/node/world.ts'
import { noPeers, type PeerNetwork } from './runtime/peers.ts'
import type { Terminal } from './runtime/terminal.ts'

export interface StartOptions {
  readonly configFile: string | null
  readonly overrides: readonly (readonly [string, string])[]
}

const LOG_LEVELS: readonly string[] = ['debug', 'info', 'warn', 'error', 'silent']

async function readText(terminal: Terminal, path: string): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of terminal.readFile(path)) pieces.push(piece)
  return Buffer.concat(pieces).toString('utf8')
}

function fail(terminal: Terminal, problems: readonly string[]): never {
  for (const problem of problems) terminal.writeError(`sluice: ${problem}\n`)
  return terminal.exit(1)
}

async function load(terminal: Terminal, options: StartOptions): Promise<LoadedConfig & { ok: true }> {
  let file: { path: string; text: string } | null = null
  if (options.configFile !== null) {
    try {
      file = { path: options.configFile, text: await readText(terminal, options.configFile) }
    } catch (error) {
      return fail(terminal, [
        `cannot read ${options.configFile}: ${error instanceof Error ? error.message : String(error)}`,
      ])
    }
  }
  const loaded = loadConfig({ file, environment: terminal.environment, overrides: options.overrides })
  return loaded.ok ? loaded : fail(terminal, loaded.problems)
}

function logLevel(terminal: Terminal, text: string | undefined): LogLevel {
  if (text === undefined) return 'info'
  if (LOG_LEVELS.includes(text)) return text as LogLevel
  return fail(terminal, [`log.level: "${text}" is none of ${LOG_LEVELS.join(', ')}`])
}

/** How a newcomer goes on from here. */
function welcome(host: string, port: number): string {
  const isThisMachine = host === '' || host === '0.0.0.0' || host === '127.0.0.1'
  const bootstrap = `${isThisMachine ? 'localhost' : host}:${port}`
  return [
    `point any Kafka client at ${bootstrap}, for instance new Kafka({ brokers: ['${bootstrap}'] })`,
    `write lines with  npx sluice produce my-topic --bootstrap ${bootstrap}`,
    `read them with    npx sluice consume my-topic --from-beginning --bootstrap ${bootstrap}\n`,
  ].join('\n')
}

/** Only a node that was told of a quorum has others to speak to. */
async function peersOf(config: BrokerConfig): Promise<PeerNetwork> {
  const isOnlyVoter = config.quorum.voters.every(({ id }) => id === config.nodeId)
  if (isOnlyVoter && config.quorum.listener === null) return noPeers
  const { createGrpcPeers } = await import('./runtime/node/grpc-peers.ts')
  return createGrpcPeers()
}

export async function startBrokerProcess(terminal: Terminal, options: StartOptions): Promise<void> {
  const { config, warnings } = await load(terminal, options)
  const log = await createNodeLog(
    logLevel(terminal, config.statics.get('log.level')),
    terminal.errorIsTerminal,
  )
  for (const warning of warnings) log.warn(`setting ${warning}`)
  const world = createNodeWorld(log, await peersOf(config))
  const broker = createBroker(config, world)
  terminal.stayAlive()
  let stopping = false
  const stop = (signal: string): void => {
    if (stopping) terminal.exit(130)
    stopping = true
    log.info('stopping', { signal })
    broker.stop().then(
      () => terminal.exit(0),
      (error: unknown) => {
        log.error('the stop was not clean', { error: String(error) })
        terminal.exit(1)
      },
    )
  }
  terminal.onSignal('SIGTERM', () => stop('SIGTERM'))
  terminal.onSignal('SIGINT', () => stop('SIGINT'))
  broker.onFailed((error) => {
    log.error('this node halts: its metadata log has failed', { reason: error.message })
    terminal.exit(1)
  })
  try {
    await broker.start()
  } catch (error) {
    // One that is told to stop while it starts gives its start up: that is no failure.
    if (stopping) return
    fail(terminal, [error instanceof Error ? error.message : String(error)])
  }
  for (const { host, port } of broker.endpoints)
    await terminal.write(`listening on ${host === '' ? '0.0.0.0' : host}:${port}\n`)
  if (broker.endpoints.length === 0) await terminal.write(`node ${config.nodeId} takes part in the quorum\n`)
  keepMemoryTrim(world.clock)
  const [first] = broker.endpoints
  if (first !== undefined) await terminal.write(welcome(first.host, first.port))
}
