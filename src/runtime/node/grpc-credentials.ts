/**
 * Key, certificate and authorities as gRPC takes them: mutual TLS, or none at all.
 *
 * Each side must show a certificate that a trusted authority signed; who is dialled must also be the host that was
 * dialled, unless that is switched off. A key that cannot be used is an error for people.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { checkServerIdentity } from 'node:tls'
import { type ChannelCredentials, type ChannelOptions, credentials, ServerCredentials } from '@grpc/grpc-js'
import type { PeerTls } from '../peers.ts'

/** Keys as they are used: a node that dials every few milliseconds must not decrypt its key each time. */
const plainKeys = new WeakMap<PeerTls, Buffer>()

/** To dial that host with, and the options of the channel that go with them. */
export function clientCredentials(
  host: string,
  tls: PeerTls | null,
): { readonly secure: ChannelCredentials; readonly options: ChannelOptions } {
  if (tls === null) return { secure: credentials.createInsecure(), options: {} }
  const { authorities, certificate, verifiesHostName } = tls
  const secure = credentials.createSsl(authorities, plainKey(tls), certificate, {
    checkServerIdentity: (_name, shown) => (verifiesHostName ? checkServerIdentity(host, shown) : undefined),
  })
  // An address is no server name in TLS (RFC 6066); the certificate is checked against it all the same.
  return { secure, options: isIP(host) === 0 ? {} : { 'grpc.ssl_target_name_override': 'node.invalid' } }
}

export function serverCredentials(tls: PeerTls | null): ServerCredentials {
  if (tls === null) return ServerCredentials.createInsecure()
  const pair = { private_key: plainKey(tls), cert_chain: tls.certificate }
  return ServerCredentials.createSsl(tls.authorities, [pair], true)
}

function plainKey(tls: PeerTls): Buffer {
  const known = plainKeys.get(tls)
  if (known !== undefined) return known
  try {
    const key = createPrivateKey({ key: tls.privateKey, passphrase: tls.passphrase ?? '' })
    if (!new X509Certificate(tls.certificate).checkPrivateKey(key))
      throw new Error('it does not fit the first certificate of the chain')
    const plain = Buffer.from(key.export({ type: 'pkcs8', format: 'pem' }))
    plainKeys.set(tls, plain)
    return plain
  } catch (error) {
    throw new Error(
      `the key of ssl.keystore cannot be used: ${error instanceof Error ? error.message : error}`,
    )
  }
}
