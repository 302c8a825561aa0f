/**
 * Key, certificates and authorities as bytes, from where the settings say that they stand.
 *
 * It takes PEM apart and complains in words for people; whether a key fits its certificate is the transport's to say.
 */
import { type Disk, DiskError } from '../../runtime/disk.ts'
import type { PeerTls } from '../../runtime/peers.ts'
import { readSmallFile } from '../../storage/atomic-file.ts'
import type { PemSource, TlsSettings } from './tls-settings.ts'

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g
const LINE_CHARACTERS = 64

/** Mutual TLS between nodes. Throws an error for people that names the setting. */
export function readPeerTls(disk: Disk, settings: TlsSettings): PeerTls {
  const { key, certificateChain, authorities, keyPassword, verifiesHostName } = settings
  if (authorities === null)
    throw new Error(
      'ssl.truststore.location: nodes show each other certificates, so their authority must be named',
    )
  const privateKey = blocksOf(disk, key, 'ssl.keystore', /PRIVATE KEY$/)
  if (privateKey.length !== 1)
    throw new Error(`ssl.keystore: ${named(key)} holds ${privateKey.length} private keys instead of one`)
  return {
    privateKey: Buffer.from(privateKey.join('')),
    certificate: Buffer.from(blocksOf(disk, certificateChain, 'ssl.keystore', /^CERTIFICATE$/).join('')),
    authorities: Buffer.from(blocksOf(disk, authorities, 'ssl.truststore', /^CERTIFICATE$/).join('')),
    passphrase: keyPassword,
    verifiesHostName,
  }
}

/** PEM blocks of that kind; at least one. */
function blocksOf(disk: Disk, source: PemSource, store: string, kind: RegExp): string[] {
  const text = 'text' in source ? source.text : fileText(disk, source.file, store)
  const blocks = [...text.matchAll(BLOCK)].filter(([, label = '']) => kind.test(label))
  const what = kind.test('CERTIFICATE') ? 'certificate' : 'private key'
  if (blocks.length === 0) throw new Error(`${store}: there is no PEM ${what} in ${named(source)}`)
  return blocks.map(([, label = '', body = '']) => rewrapped(label, body))
}

/** Settings have their PEM on one line, with blanks or with none; headers of old encrypted keys keep theirs. */
function rewrapped(label: string, body: string): string {
  const lines = body.includes(':')
    ? body.trim()
    : (body.replace(/\s+/g, '').match(new RegExp(`.{1,${LINE_CHARACTERS}}`, 'g')) ?? []).join('\n')
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`
}

function named(source: PemSource): string {
  return 'file' in source ? source.file : 'the setting'
}

function fileText(disk: Disk, path: string, store: string): string {
  let content: Buffer | null
  try {
    content = readSmallFile(disk, path)
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    throw new Error(`${store}.location: ${path} cannot be read: ${error.message}`)
  }
  if (content === null) throw new Error(`${store}.location: there is no file ${path}`)
  return content.toString('utf8')
}
