import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../../src/broker/config/load-config.ts'
import { readPeerTls } from '../../../src/broker/config/tls-material.ts'
import { type TlsSettings, tlsSettings } from '../../../src/broker/config/tls-settings.ts'
import { MemoryDisk } from '../../../src/runtime/memory-disk.ts'

const FILES = {
  'ssl.keystore.type': 'PEM',
  'ssl.keystore.location': '/etc/node.pem',
  'ssl.truststore.type': 'PEM',
  'ssl.truststore.location': '/etc/authority.pem',
}

function parsed(settings: Readonly<Record<string, string>>) {
  return tlsSettings(new Map(Object.entries(settings)), 'CONTROLLER')
}

function messageOf(settings: Readonly<Record<string, string>>): string {
  const outcome = parsed(settings)
  return outcome.ok ? 'no problem' : outcome.message
}

describe('tls settings', () => {
  it('name the files of PEM stores', () => {
    expect(parsed(FILES)).toEqual({
      ok: true,
      value: {
        key: { file: '/etc/node.pem' },
        certificateChain: { file: '/etc/node.pem' },
        keyPassword: null,
        authorities: { file: '/etc/authority.pem' },
        clientAuth: 'none',
        verifiesHostName: true,
      },
    })
  })

  it('may hold the PEM themselves, and those of the listener win', () => {
    const outcome = parsed({
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.key': 'KEY',
      'ssl.keystore.certificate.chain': 'CHAIN',
      'listener.name.controller.ssl.keystore.certificate.chain': 'OWN CHAIN',
      'ssl.key.password': 'secret',
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.certificates': 'AUTHORITY',
      'ssl.client.auth': 'required',
      'ssl.endpoint.identification.algorithm': '',
    })
    expect(outcome).toEqual({
      ok: true,
      value: {
        key: { text: 'KEY' },
        certificateChain: { text: 'OWN CHAIN' },
        keyPassword: 'secret',
        authorities: { text: 'AUTHORITY' },
        clientAuth: 'required',
        verifiesHostName: false,
      },
    })
  })

  it.each<[string, Readonly<Record<string, string>>, string]>([
    [
      'a store of the default type',
      { 'ssl.keystore.location': '/a.jks' },
      'JKS stores are not read here; convert the store to PEM and set ssl.keystore.type=PEM',
    ],
    [
      'PKCS12',
      { ...FILES, 'ssl.keystore.type': 'PKCS12' },
      'ssl.keystore.type: PKCS12 stores are not read here; convert',
    ],
    [
      'authorities in JKS',
      { ...FILES, 'ssl.truststore.type': 'JKS' },
      'ssl.truststore.type: JKS stores are not read here',
    ],
    [
      'a store in two places',
      { ...FILES, 'ssl.keystore.key': 'KEY' },
      'ssl.keystore.location: ssl.keystore.key and',
    ],
    [
      'a password of a PEM store',
      { ...FILES, 'ssl.keystore.password': 'x' },
      'ssl.keystore.password: a PEM store has none',
    ],
    ['no key at all', { 'ssl.keystore.type': 'PEM' }, 'SSL needs a key and a certificate'],
    [
      'a chain without a key',
      { 'ssl.keystore.type': 'PEM', 'ssl.keystore.certificate.chain': 'C' },
      'its key is missing',
    ],
    [
      'a key without a chain',
      { 'ssl.keystore.type': 'PEM', 'ssl.keystore.key': 'K' },
      'its certificates are missing',
    ],
  ])('refuse %s', (_what, settings, problem) => {
    expect(messageOf(settings)).toContain(problem)
  })
})

describe('the quorum over SSL', () => {
  const quorum = {
    'controller.quorum.voters': '1@a:9192,2@b:9192',
    'listener.security.protocol.map': 'CONTROLLER:SSL,PLAINTEXT:PLAINTEXT',
  }

  function load(settings: Readonly<Record<string, string>>) {
    const overrides = Object.entries(settings)
    return loadConfig({ file: null, environment: {}, overrides })
  }

  it('is what its listener says', () => {
    const secure = load({ ...quorum, ...FILES, 'ssl.client.auth': 'required' })
    if (!secure.ok) return expect.unreachable(secure.problems.join())
    expect(secure.config.quorum.tls).toMatchObject({ key: { file: '/etc/node.pem' }, clientAuth: 'required' })
    expect(secure.warnings).toEqual([])
    const plain = load({ ...FILES, 'controller.quorum.voters': '1@a:9192,2@b:9192' })
    expect(plain.ok && plain.config.quorum.tls).toBeNull()
  })

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['SSL without a key', quorum, 'ssl.keystore.location: SSL needs a key'],
    [
      'nobody to trust',
      { ...quorum, 'ssl.keystore.type': 'PEM', 'ssl.keystore.location': '/n' },
      'name the authority that they trust',
    ],
    [
      'nodes that show nothing',
      { ...quorum, ...FILES, 'ssl.client.auth': 'none' },
      'ssl.client.auth: nodes must show certificates to each other: required, not none',
    ],
    [
      'SASL',
      { ...quorum, 'listener.security.protocol.map': 'CONTROLLER:SASL_SSL' },
      'CONTROLLER wants SASL_SSL; nodes speak PLAINTEXT or SSL',
    ],
  ])('refuses %s', (_what, settings, problem) => {
    const loaded = load(settings)
    expect(loaded.ok ? 'no problem' : loaded.problems.join('\n')).toContain(problem)
  })
})

describe('tls material', () => {
  const pem = (label: string, body: string): string =>
    `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`
  const settings: TlsSettings = {
    key: { file: '/etc/node.pem' },
    certificateChain: { file: '/etc/node.pem' },
    keyPassword: 'secret',
    authorities: { file: '/etc/authority.pem' },
    clientAuth: 'required',
    verifiesHostName: true,
  }

  function diskWith(files: Readonly<Record<string, string>>): MemoryDisk {
    const disk = new MemoryDisk({
      later: (callback) => setImmediate(callback),
      tracksDurability: false,
      wallMs: () => 0,
    })
    disk.makeDirectory('/etc')
    for (const [path, text] of Object.entries(files)) {
      const file = disk.open(path, 'create')
      file.writeSync([Buffer.from(text)], 0)
      file.close()
    }
    return disk
  }

  it('is taken from one store, comments and order aside', () => {
    const disk = diskWith({
      '/etc/node.pem': `leaf\n${pem('CERTIFICATE', 'AAAA')}issuer\n${pem('CERTIFICATE', 'BBBB')}${pem('PRIVATE KEY', 'CCCC')}`,
      '/etc/authority.pem': pem('CERTIFICATE', 'DDDD'),
    })
    const tls = readPeerTls(disk, settings)
    expect(tls.certificate.toString()).toBe(pem('CERTIFICATE', 'AAAA') + pem('CERTIFICATE', 'BBBB'))
    expect(tls.privateKey.toString()).toBe(pem('PRIVATE KEY', 'CCCC'))
    expect(tls.authorities.toString()).toBe(pem('CERTIFICATE', 'DDDD'))
    expect(tls.passphrase).toBe('secret')
  })

  it('may stand on one line', () => {
    const body = 'A'.repeat(100)
    const text = `-----BEGIN CERTIFICATE----- ${body} -----END CERTIFICATE-----`
    const tls = readPeerTls(
      diskWith({ '/etc/node.pem': pem('PRIVATE KEY', 'CCCC') + pem('CERTIFICATE', 'A') }),
      {
        ...settings,
        authorities: { text },
      },
    )
    expect(tls.authorities.toString()).toBe(pem('CERTIFICATE', `${'A'.repeat(64)}\n${'A'.repeat(36)}`))
  })

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['a file that is not there', {}, 'ssl.keystore.location: there is no file /etc/node.pem'],
    [
      'a store without a key',
      { '/etc/node.pem': pem('CERTIFICATE', 'A') },
      'ssl.keystore: there is no PEM private key in /etc/node.pem',
    ],
    [
      'a store without certificates',
      { '/etc/node.pem': pem('PRIVATE KEY', 'A') },
      'ssl.keystore: there is no PEM certificate in /etc/node.pem',
    ],
    [
      'a store with two keys',
      { '/etc/node.pem': pem('PRIVATE KEY', 'A') + pem('EC PRIVATE KEY', 'B') },
      'holds 2 private keys instead of one',
    ],
  ])('refuses %s', (_what, files, problem) => {
    expect(() =>
      readPeerTls(diskWith({ '/etc/authority.pem': pem('CERTIFICATE', 'A'), ...files }), settings),
    ).toThrow(problem)
  })
})
