/**
 * Reads listener settings: `listeners`, `advertised.listeners`, `listener.security.protocol.map` and the
 * `--listen [NAME://]HOST:PORT` of the command line. Decides nothing about what is served on them.
 */

export interface Endpoint {
  readonly name: string
  /** Empty: every interface of the machine. */
  readonly host: string
  readonly port: number
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string }

const ENDPOINT = /^(?:([A-Za-z0-9_.-]+):\/\/)?(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]/]*)):(\d{1,5})$/
const DEFAULT_NAME = 'PLAINTEXT'

/** One endpoint; a missing name means PLAINTEXT. */
export function parseEndpoint(text: string): Parsed<Endpoint> {
  const match = ENDPOINT.exec(text.trim())
  const port = Number(match?.[4])
  if (match === null || port > 65_535)
    return {
      ok: false,
      message: `"${text}" is not an endpoint; write NAME://HOST:PORT, HOST:PORT or [IPV6]:PORT`,
    }
  return {
    ok: true,
    value: { name: (match[1] ?? DEFAULT_NAME).toUpperCase(), host: match[2] ?? match[3] ?? '', port },
  }
}

/** A comma-separated list of endpoints. Names must differ. */
export function parseEndpoints(text: string): Parsed<Endpoint[]> {
  const endpoints: Endpoint[] = []
  for (const part of text.split(',').filter((piece) => piece.trim() !== '')) {
    const parsed = parseEndpoint(part)
    if (!parsed.ok) return parsed
    if (
      endpoints.some(
        (endpoint) =>
          endpoint.name === parsed.value.name &&
          endpoint.port === parsed.value.port &&
          endpoint.host === parsed.value.host,
      )
    )
      return { ok: false, message: `the listener ${part.trim()} stands twice` }
    endpoints.push(parsed.value)
  }
  return { ok: true, value: endpoints }
}

/** `NAME:PROTOCOL,NAME:PROTOCOL` → protocol by listener name. */
export function parseSecurityProtocolMap(text: string): Parsed<Map<string, string>> {
  const protocols = new Map<string, string>()
  for (const pair of text.split(',').filter((piece) => piece.trim() !== '')) {
    const [name, protocol, ...rest] = pair.trim().split(':')
    if (name === undefined || protocol === undefined || rest.length > 0)
      return { ok: false, message: `"${pair.trim()}" is not LISTENER:PROTOCOL` }
    protocols.set(name.toUpperCase(), protocol.toUpperCase())
  }
  return { ok: true, value: protocols }
}
