/**
 * What the `ssl.*` settings say of a listener: where its key, its certificates and the authorities that it trusts stand,
 * each of them as PEM, in a file or in the setting itself. `listener.name.NAME.ssl.…` wins over `ssl.…`.
 *
 * The rules are those of Kafka's own PEM stores (KIP-651). It opens no file: `tls-material.ts` does.
 */
import { brokerDefinition } from '../../coordination/configs/definition.ts'
import type { Parsed } from './endpoints.ts'

/** Where PEM text stands. */
export type PemSource = { readonly file: string } | { readonly text: string }

export interface TlsSettings {
  /** May be one file with both. */
  readonly key: PemSource
  readonly certificateChain: PemSource
  /** Of a key that is encrypted. */
  readonly keyPassword: string | null
  /** null: none are named. */
  readonly authorities: PemSource | null
  readonly clientAuth: 'required' | 'requested' | 'none'
  /** Whether who is dialled must be named by its certificate (`ssl.endpoint.identification.algorithm`). */
  readonly verifiesHostName: boolean
}

type Lookup = (name: string) => string | null

/** The protocol of a listener: what the map says, or what its own name is, or none. */
export function protocolOf(listenerName: string, protocols: ReadonlyMap<string, string>): string {
  const name = listenerName.toUpperCase()
  const isProtocol = /^(SSL|SASL_PLAINTEXT|SASL_SSL)$/.test(name)
  return protocols.get(name) ?? (isProtocol ? name : 'PLAINTEXT')
}

/** The settings of that listener; what is missing or contradicts itself is a message that names the setting. */
export function tlsSettings(statics: ReadonlyMap<string, string>, listenerName: string): Parsed<TlsSettings> {
  const prefix = `listener.name.${listenerName.toLowerCase()}.`
  const written = (name: string): string | undefined => statics.get(prefix + name) ?? statics.get(name)
  const of: Lookup = (name) => written(name) ?? brokerDefinition(name)?.default ?? null
  const problem = storeProblem(of, 'key') ?? storeProblem(of, 'trust') ?? keyProblem(of)
  if (problem !== null) return { ok: false, message: problem }
  const location = of('ssl.keystore.location')
  const clientAuth = of('ssl.client.auth')
  return {
    ok: true,
    value: {
      key: sourceOf(location, of('ssl.keystore.key')),
      certificateChain: sourceOf(location, of('ssl.keystore.certificate.chain')),
      keyPassword: of('ssl.key.password'),
      authorities: authoritiesOf(of),
      clientAuth: clientAuth === 'required' || clientAuth === 'requested' ? clientAuth : 'none',
      verifiesHostName: of('ssl.endpoint.identification.algorithm') !== '',
    },
  }
}

function sourceOf(location: string | null, text: string | null): PemSource {
  return location === null ? { text: text ?? '' } : { file: location }
}

function authoritiesOf(of: Lookup): PemSource | null {
  const location = of('ssl.truststore.location')
  const text = of('ssl.truststore.certificates')
  return location === null && text === null ? null : sourceOf(location, text)
}

/** Both stores: PEM only, in a file or in the setting, never with a password of its own. */
function storeProblem(of: Lookup, store: 'key' | 'trust'): string | null {
  const name = `ssl.${store}store`
  const inline = store === 'key' ? [`${name}.key`, `${name}.certificate.chain`] : [`${name}.certificates`]
  const location = of(`${name}.location`)
  const isInline = inline.some((setting) => of(setting) !== null)
  if (location === null && !isInline) return null
  const type = of(`${name}.type`)
  if (type !== 'PEM')
    return `${name}.type: ${type} stores are not read here; convert the store to PEM and set ${name}.type=PEM`
  if (location !== null && isInline)
    return `${name}.location: ${inline.join(' and ')} say it too; leave one of them`
  if (of(`${name}.password`) !== null)
    return `${name}.password: a PEM store has none; only its key may (ssl.key.password)`
  return null
}

function keyProblem(of: Lookup): string | null {
  if (of('ssl.keystore.location') !== null) return null
  const [key, chain] = [of('ssl.keystore.key'), of('ssl.keystore.certificate.chain')]
  if (key === null && chain === null)
    return 'ssl.keystore.location: SSL needs a key and a certificate, as PEM (ssl.keystore.type=PEM)'
  if (key === null) return 'ssl.keystore.key: the certificate chain is there, its key is missing'
  if (chain === null) return 'ssl.keystore.certificate.chain: the key is there, its certificates are missing'
  return null
}
