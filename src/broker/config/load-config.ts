/**
 * From files, environment and command line to what a broker is started with.
 *
 * Later sources win: defaults, properties file, `KAFKA_…`, `SLUICE_…`, `--set` and the command line's own
 * options. Settings without effect are named in warnings; a value that cannot be is an error and no start.
 */
import { staticConfigProblems } from '../../coordination/configs/broker-rules.ts'
import type { BrokerConfig } from './broker-config.ts'
import {
  type Endpoint,
  type Parsed,
  parseEndpoint,
  parseEndpoints,
  parseSecurityProtocolMap,
} from './endpoints.ts'
import { settingsFromEnvironment } from './environment.ts'
import { settingWarning } from './honoured.ts'
import { parseProperties } from './properties.ts'
import { type QuorumConfig, quorumConfig } from './quorum-config.ts'
import { settingList } from './setting-list.ts'
import { protocolOf } from './tls-settings.ts'

export interface ConfigSources {
  /** The text of a properties file, null when none was named. */
  readonly file: { readonly path: string; readonly text: string } | null
  readonly environment: Readonly<Record<string, string | undefined>>
  /** `--set key=value` and what the command line's own options stand for; the last one wins. */
  readonly overrides: readonly (readonly [string, string])[]
}

export type LoadedConfig =
  | { readonly ok: true; readonly config: BrokerConfig; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly problems: readonly string[] }

const DEFAULT_LISTENERS = 'PLAINTEXT://127.0.0.1:9092'
const DEFAULT_DIRECTORY = './data'
const DEFAULT_NODE_ID = '1'
const DEFAULT_INTER_BROKER = 'PLAINTEXT'

function gather(sources: ConfigSources): Map<string, string> {
  const statics = new Map<string, string>()
  for (const property of sources.file === null ? [] : parseProperties(sources.file.text))
    statics.set(property.key, property.value)
  for (const [key, value] of settingsFromEnvironment(sources.environment)) statics.set(key, value)
  for (const [key, value] of sources.overrides) statics.set(key, value)
  return statics
}

/** Keeps the first value, and notes the problem of one that did not parse. */
function take<T>(parsed: Parsed<T>, setting: string, problems: string[], fallback: T): T {
  if (parsed.ok) return parsed.value
  problems.push(`${setting}: ${parsed.message}`)
  return fallback
}

/** Those of clients and of the controller. */
function allListeners(statics: ReadonlyMap<string, string>, problems: string[]): Endpoint[] {
  return take(parseEndpoints(statics.get('listeners') ?? DEFAULT_LISTENERS), 'listeners', problems, [])
}

/** Those that clients connect to; a node that is only a controller has none. */
function clientListeners(
  statics: ReadonlyMap<string, string>,
  all: readonly Endpoint[],
  { roles, listener: quorumListener }: QuorumConfig,
  problems: string[],
): Endpoint[] {
  if (!roles.includes('broker')) return []
  const controllers = settingList(statics.get('controller.listener.names') ?? '').map((name) =>
    name.toUpperCase(),
  )
  const protocols = take(
    parseSecurityProtocolMap(statics.get('listener.security.protocol.map') ?? ''),
    'listener.security.protocol.map',
    problems,
    new Map<string, string>(),
  )
  const listeners = all.filter(
    (endpoint) => !controllers.includes(endpoint.name) && endpoint !== quorumListener,
  )
  for (const endpoint of listeners) {
    const protocol = protocolOf(endpoint.name, protocols)
    if (protocol !== 'PLAINTEXT')
      problems.push(`listeners: ${endpoint.name} wants ${protocol}; only PLAINTEXT is served yet`)
  }
  if (listeners.length === 0 && problems.length === 0)
    problems.push('listeners: no listener is left for clients')
  return listeners
}

function advertisedListeners(
  statics: ReadonlyMap<string, string>,
  problems: string[],
): Map<string, Endpoint> {
  const advertised = take(
    parseEndpoints(statics.get('advertised.listeners') ?? ''),
    'advertised.listeners',
    problems,
    [],
  )
  for (const endpoint of advertised) {
    if (endpoint.host === '0.0.0.0' || endpoint.host === '::')
      problems.push(`advertised.listeners: ${endpoint.host} is no address that a client can dial`)
  }
  return new Map(
    advertised.filter((endpoint) => endpoint.host !== '').map((endpoint) => [endpoint.name, endpoint]),
  )
}

function nodeIdOf(statics: ReadonlyMap<string, string>, problems: string[]): number {
  const text = statics.get('node.id') ?? statics.get('broker.id') ?? DEFAULT_NODE_ID
  const nodeId = Number(text)
  if (!Number.isInteger(nodeId) || nodeId < 0 || nodeId > 2 ** 31 - 1)
    problems.push(`node.id: "${text}" is not a whole number of 0 or more`)
  return nodeId
}

function observabilityOf(statics: ReadonlyMap<string, string>, problems: string[]): Endpoint | null {
  const text = statics.get('observability.listener')
  if (text === undefined || text === '') return null
  return take<Endpoint | null>(parseEndpoint(text), 'observability.listener', problems, null)
}

/** Reads all sources; never throws. */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const statics = gather(sources)
  const problems = staticConfigProblems(statics)
  const nodeId = nodeIdOf(statics, problems)
  const all = allListeners(statics, problems)
  const quorum = quorumConfig(statics, nodeId, all, problems)
  const config: BrokerConfig = {
    nodeId,
    rack: statics.get('broker.rack') ?? null,
    listeners: clientListeners(statics, all, quorum, problems),
    interBrokerListener: (statics.get('inter.broker.listener.name') ?? DEFAULT_INTER_BROKER).toUpperCase(),
    quorum,
    advertised: advertisedListeners(statics, problems),
    logDirectories: settingList(statics.get('log.dirs') ?? statics.get('log.dir') ?? DEFAULT_DIRECTORY),
    clusterId: statics.get('cluster.id') ?? null,
    observability: observabilityOf(statics, problems),
    // Tools ask a broker for its node.id, also where the default was taken.
    statics: new Map([['node.id', String(nodeId)], ...statics]),
  }
  if (config.logDirectories.length === 0) problems.push('log.dirs: no directory is named')
  if (problems.length > 0) return { ok: false, problems }
  const warnings = [...statics.keys()].flatMap((name) => {
    const warning = settingWarning(name)
    return warning === null ? [] : [`${name} ${warning}`]
  })
  return { ok: true, config, warnings }
}
