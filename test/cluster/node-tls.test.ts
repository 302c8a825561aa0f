/** Real nodes whose quorum speaks mutual TLS: they form a cluster, and nobody else gets in. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BrokerCluster } from './broker-cluster.ts'
import { Authority, type Certificate } from './certificates.ts'
import { freePort } from './free-port.ts'
import { kafkaOf } from './kafkajs-client.ts'

const PROGRAM = resolve(import.meta.dirname, '../../bin/sluice.js')
const SECURE = {
  'listener.security.protocol.map': 'CONTROLLER:SSL,PLAINTEXT:PLAINTEXT',
  'ssl.client.auth': 'required',
}

let directory: string
let authority: Authority
let strangers: Authority
let cluster: BrokerCluster

function storesOf({ store }: Certificate, trusted: Authority): Readonly<Record<string, string>> {
  return {
    ...SECURE,
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': store,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': trusted.certificate,
  }
}

/** PEM in the settings themselves, of a key that is encrypted. */
function inlineOf(issued: Certificate): Readonly<Record<string, string>> {
  return {
    ...SECURE,
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.key': readFileSync(authority.encrypted(issued, 'secret'), 'utf8'),
    'ssl.keystore.certificate.chain': readFileSync(issued.certificate, 'utf8'),
    'ssl.key.password': 'secret',
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.certificates': readFileSync(authority.certificate, 'utf8'),
  }
}

/** A node of its own that is not to get in: what it says until the words come, or until it ends. */
async function saysUntil(words: RegExp, settings: Readonly<Record<string, string>>): Promise<string> {
  const port = await freePort()
  const quorum = [1, 2, 3].map((node) => `${node}@${cluster.quorumAddressOf(node)}`)
  const options = Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`])
  const child: ChildProcess = spawn(
    process.execPath,
    [
      ...[PROGRAM, 'start', '--node-id', '9', '--quorum', quorum.join(',')],
      ...['--listen', `127.0.0.1:${port}`, '--data-dir', join(directory, String(port)), ...options],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const ended = new Promise((done) => child.once('exit', done))
  let said = ''
  await new Promise<void>((done) => {
    child.stderr?.on('data', (text: Buffer) => {
      said += text.toString()
      if (words.test(said)) done()
    })
    void ended.then(() => done())
  })
  child.kill('SIGKILL')
  await ended
  return said
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-tls-'))
  authority = new Authority()
  strangers = new Authority()
  cluster = await BrokerCluster.start({
    settingsOf: (node) => {
      const issued = authority.issue(`node-${node}`)
      return node === 2 ? inlineOf(issued) : storesOf(issued, authority)
    },
  })
}, 60_000)

afterAll(async () => {
  await cluster.close()
  authority.remove()
  strangers.remove()
  rmSync(directory, { recursive: true, force: true })
})

describe('three nodes whose quorum speaks TLS', () => {
  test('are one cluster, and take in a fourth with a certificate', async () => {
    expect(await cluster.addNode()).toBe(4)
    const admin = kafkaOf(cluster).admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic: 'secure', numPartitions: 1, replicationFactor: 3 }] })
    const { brokers } = await admin.describeCluster()
    expect(brokers.map(({ nodeId }) => nodeId).sort()).toEqual([1, 2, 3, 4])
    await admin.disconnect()
    const producer = kafkaOf(cluster).producer()
    await producer.connect()
    const [sent] = await producer.send({ topic: 'secure', acks: -1, messages: [{ value: 'kept' }] })
    expect(sent?.errorCode).toBe(0)
    await producer.disconnect()
  })

  test('refuse a node that speaks no TLS, which says so', async () => {
    const words = /if it speaks TLS, so must this node/
    expect(await saysUntil(words, {})).toMatch(words)
  })

  test('refuse a certificate of another authority, and its node says so', async () => {
    const words = /does it trust this node's certificate/
    expect(await saysUntil(words, storesOf(strangers.issue('stranger'), authority))).toMatch(words)
  })

  test('are refused by a node that does not trust them', async () => {
    const words = /its certificate is not to be trusted/
    expect(await saysUntil(words, storesOf(strangers.issue('doubter'), strangers))).toMatch(words)
  })

  test('are not joined by a node whose store is not PEM: it names PEM and ends', async () => {
    const said = await saysUntil(/PEM/, { ...SECURE, 'ssl.keystore.location': '/etc/node.jks' })
    expect(said).toContain(
      'JKS stores are not read here; convert the store to PEM and set ssl.keystore.type=PEM',
    )
  })
})
