/**
 * Who is in the metadata quorum, from `process.roles`, `controller.quorum.voters` and the controller's listener.
 *
 * Without any of them this node is a cluster of its own. A list of voters makes a cluster id of itself, so that nodes
 * that were given the same list, and nothing else, form one cluster; `cluster.id` says otherwise.
 */
import { crc32c } from '../../protocol/records/crc32c.ts'
import { type Endpoint, type Parsed, parseSecurityProtocolMap } from './endpoints.ts'
import { settingList } from './setting-list.ts'
import { protocolOf, type TlsSettings, tlsSettings } from './tls-settings.ts'

export type NodeRole = 'broker' | 'controller'

/** A voter as the list names it. */
export interface VoterEntry {
  readonly id: number
  readonly host: string
  readonly port: number
}

export interface QuorumConfig {
  readonly roles: readonly NodeRole[]
  /** The first voters; only this node where no list was given. */
  readonly voters: readonly VoterEntry[]
  /** Where other nodes reach this one's quorum; null: nobody has to. */
  readonly listener: Endpoint | null
  /** Name of the controller's listener. */
  readonly listenerName: string
  /** How nodes prove to each other who they are; null: they do not. */
  readonly tls: TlsSettings | null
  /** What the list of voters makes of itself; null without one. */
  readonly clusterId: string | null
}

const DEFAULT_LISTENER_NAME = 'CONTROLLER'
const VOTER = /^(\d{1,10})@(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]/@]+)):(\d{1,5})$/
/** Where a node that is alone would be found; it never is. */
const NOWHERE = { host: 'localhost', port: 0 }

/** `1@HOST:PORT,2@HOST:PORT`; ids must differ. */
export function parseVoters(text: string): Parsed<VoterEntry[]> {
  const voters: VoterEntry[] = []
  for (const part of settingList(text)) {
    const match = VOTER.exec(part)
    const [id, port] = [Number(match?.[1]), Number(match?.[4])]
    if (match === null || port > 65_535) return { ok: false, message: `"${part}" is not ID@HOST:PORT` }
    if (voters.some((voter) => voter.id === id)) return { ok: false, message: `node ${id} stands twice` }
    voters.push({ id, host: match[2] ?? match[3] ?? '', port })
  }
  return { ok: true, value: voters.sort((a, b) => a.id - b.id) }
}

/** What the settings say of the quorum; what cannot be goes to `problems`. `listeners` are all of the node's. */
export function quorumConfig(
  statics: ReadonlyMap<string, string>,
  nodeId: number,
  listeners: readonly Endpoint[],
  problems: string[],
): QuorumConfig {
  const parsed = parseVoters(statics.get('controller.quorum.voters') ?? '')
  if (!parsed.ok) problems.push(`controller.quorum.voters: ${parsed.message}`)
  const named = parsed.ok ? parsed.value : []
  const self = named.find(({ id }) => id === nodeId)
  const roles = rolesOf(statics.get('process.roles'), named.length === 0 || self !== undefined, problems)
  if (named.length > 0 && roles.includes('controller') !== (self !== undefined)) {
    const is = self === undefined ? 'is not' : 'is'
    problems.push(
      `process.roles: "${roles.join(',')}", but node ${nodeId} ${is} among controller.quorum.voters`,
    )
  }
  if (named.length === 0 && roles.length === 1)
    problems.push(`controller.quorum.voters: a node that is only a ${roles[0]} must be told who votes`)
  const [listenerName = DEFAULT_LISTENER_NAME] = settingList(statics.get('controller.listener.names') ?? '')
  const opened = listeners.find(({ name }) => name === listenerName.toUpperCase())
  const ownEntry = self === undefined ? null : { name: listenerName, host: self.host, port: self.port }
  return {
    roles,
    voters: named.length > 0 ? named : [{ id: nodeId, ...NOWHERE }],
    // Without a list nobody has to reach it, so no port is taken; brokers and later voters find the only one of a list.
    listener: named.length > 0 ? (opened ?? ownEntry) : null,
    listenerName,
    tls: named.length > 0 ? quorumTls(statics, listenerName, problems) : null,
    clusterId: named.length > 0 ? clusterIdOf(named) : null,
  }
}

/** The quorum's TLS is mutual, whatever Kafka's default for clients is. */
function quorumTls(
  statics: ReadonlyMap<string, string>,
  listenerName: string,
  problems: string[],
): TlsSettings | null {
  const protocols = parseSecurityProtocolMap(statics.get('listener.security.protocol.map') ?? '')
  const protocol = protocolOf(listenerName, protocols.ok ? protocols.value : new Map<string, string>())
  if (protocol === 'PLAINTEXT') return null
  if (protocol !== 'SSL') {
    problems.push(
      `listener.security.protocol.map: ${listenerName} wants ${protocol}; nodes speak PLAINTEXT or SSL`,
    )
    return null
  }
  const settings = tlsSettings(statics, listenerName)
  if (!settings.ok) {
    problems.push(settings.message)
    return null
  }
  if (settings.value.authorities === null)
    problems.push(
      'ssl.truststore.location: nodes show each other certificates; name the authority that they trust',
    )
  const clientAuth = statics.get('ssl.client.auth')
  if (clientAuth !== undefined && settings.value.clientAuth !== 'required')
    problems.push(`ssl.client.auth: nodes must show certificates to each other: required, not ${clientAuth}`)
  return settings.value
}

function rolesOf(text: string | undefined, votes: boolean, problems: string[]): NodeRole[] {
  const roles: NodeRole[] = []
  for (const role of settingList(text ?? (votes ? 'broker,controller' : 'broker'))) {
    if (role === 'broker' || role === 'controller') roles.push(role)
    else problems.push(`process.roles: "${role}" is no role; write broker, controller or both`)
  }
  return roles
}

/** 16 bytes that every node makes of the same list. */
function clusterIdOf(voters: readonly VoterEntry[]): string {
  const text = voters.map(({ id, host, port }) => `${id}@${host}:${port}`).join(',')
  const bytes = Buffer.alloc(16)
  for (let part = 0; part < 4; part++) {
    const input = Buffer.from(`${part} ${text}`)
    bytes.writeUInt32BE(crc32c(input, 0, input.length), part * 4)
  }
  return bytes.toString('base64url')
}
