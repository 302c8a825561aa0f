import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../../src/broker/config/load-config.ts'
import { parseProperties } from '../../../src/broker/config/properties.ts'
import { Settings } from '../../../src/broker/config/settings.ts'

/** What Kafka's own sample for KRaft mode sets. */
const KRAFT_SAMPLE = `
process.roles=broker,controller
node.id=7
controller.quorum.voters=7@localhost:9093
listeners=PLAINTEXT://:9092,CONTROLLER://:9093
inter.broker.listener.name=PLAINTEXT
advertised.listeners=PLAINTEXT://broker.example:9092,CONTROLLER://localhost:9093
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT
num.network.threads=3
log.dirs=/var/lib/a, /var/lib/b
num.partitions=4
log.retention.hours=168
`

function load(text: string, environment: Record<string, string> = {}, overrides: [string, string][] = []) {
  return loadConfig({ file: { path: 'server.properties', text }, environment, overrides })
}

describe('loadConfig', () => {
  it('starts with nothing at all', () => {
    const loaded = loadConfig({ file: null, environment: {}, overrides: [] })
    if (!loaded.ok) return expect.unreachable(loaded.problems.join())
    expect(loaded.config.listeners).toEqual([{ name: 'PLAINTEXT', host: '127.0.0.1', port: 9092 }])
    expect(loaded.config.logDirectories).toEqual(['./data'])
    expect(loaded.warnings).toEqual([])
  })

  it("takes a server.properties of Kafka's KRaft mode unchanged", () => {
    const loaded = load(KRAFT_SAMPLE)
    if (!loaded.ok) return expect.unreachable(loaded.problems.join())
    expect(loaded.config.nodeId).toBe(7)
    expect(loaded.config.listeners).toEqual([{ name: 'PLAINTEXT', host: '', port: 9092 }])
    expect(loaded.config.advertised.get('PLAINTEXT')).toEqual({
      name: 'PLAINTEXT',
      host: 'broker.example',
      port: 9092,
    })
    expect(loaded.config.logDirectories).toEqual(['/var/lib/a', '/var/lib/b'])
    expect(loaded.warnings).toEqual(['num.network.threads has no meaning here: one event loop does the work'])
  })

  it('lets later sources win: file, KAFKA_, SLUICE_, command line', () => {
    const environment = {
      KAFKA_NUM_PARTITIONS: '5',
      KAFKA_LOG_RETENTION_MS: '1000',
      SLUICE_NUM_PARTITIONS: '6',
      KAFKA_HEAP_OPTS: '-Xmx1G',
    }
    const loaded = load('num.partitions=4', environment, [['log.retention.ms', '2000']])
    if (!loaded.ok) return expect.unreachable(loaded.problems.join())
    const settings = new Settings(1, loaded.config.statics)
    expect(settings.number('num.partitions')).toBe(6)
    expect(settings.logConfig('t').retentionMs).toBe(2000)
    expect(loaded.warnings).toEqual([])
  })

  it('names settings that it does not know or support', () => {
    const loaded = load('no.such.thing=1\nzstd.level=2\nauthorizer.class.name=x.Y')
    expect(loaded.ok && loaded.warnings).toEqual([
      'no.such.thing is unknown and has no effect',
      'zstd.level is unknown and has no effect',
      'authorizer.class.name is not supported and has no effect',
    ])
  })

  it.each([
    [
      'log.retention.ms=abc',
      'Invalid value abc for configuration log.retention.ms: Not a number of type LONG',
    ],
    ['listeners=localhost', 'listeners: "localhost" is not an endpoint'],
    ['listeners=SASL_SSL://:9092', 'only PLAINTEXT is served yet'],
    ['node.id=-3', 'node.id: "-3"'],
    ['advertised.listeners=PLAINTEXT://0.0.0.0:9092', 'no address that a client can dial'],
    ['controller.quorum.voters=1@a:1,b:1', '"b:1" is not ID@HOST:PORT'],
    ['controller.quorum.voters=1@a:1,1@b:1', 'node 1 stands twice'],
    ['process.roles=controller', 'must be told who votes'],
    ['process.roles=broker', 'must be told who votes'],
    ['process.roles=voter', '"voter" is no role'],
    [
      'process.roles=broker\ncontroller.quorum.voters=1@a:1,2@b:1',
      'node 1 is among controller.quorum.voters',
    ],
    ['process.roles=controller\ncontroller.quorum.voters=3@a:1,2@b:1', 'node 1 is not among'],
  ])('refuses %s with a clear error', (text, problem) => {
    const loaded = load(text)
    expect(loaded.ok).toBe(false)
    if (!loaded.ok) expect(loaded.problems.join('\n')).toContain(problem)
  })

  it('makes one cluster of nodes that were given the same list of voters', () => {
    const voters = 'controller.quorum.voters=1@a:9093,2@b:9093,3@c:9093'
    const quorumOf = (text: string) => {
      const loaded = load(text)
      if (!loaded.ok) throw new Error(loaded.problems.join())
      return loaded.config.quorum
    }
    const first = quorumOf(voters)
    expect(first).toMatchObject({
      roles: ['broker', 'controller'],
      listener: { name: 'CONTROLLER', host: 'a', port: 9093 },
      voters: [{ id: 1, host: 'a' }, { id: 2 }, { id: 3 }],
    })
    expect(first.clusterId).toMatch(/^[\w-]{22}$/)
    const fourth = quorumOf(`node.id=4\n${voters}`)
    expect(fourth).toMatchObject({ roles: ['broker'], listener: null, clusterId: first.clusterId })
    const lone = quorumOf('controller.quorum.voters=1@a:9093')
    expect(lone).toMatchObject({ roles: ['broker', 'controller'], listener: { host: 'a', port: 9093 } })
    expect(lone.clusterId).not.toBeNull()
    expect(quorumOf('')).toMatchObject({ listener: null, clusterId: null })
    const controller = quorumOf(`process.roles=controller\nlisteners=CONTROLLER://:9093\n${voters}`)
    expect(controller).toMatchObject({ roles: ['controller'], listener: { host: '', port: 9093 } })
    expect(quorumOf('')).toMatchObject({ voters: [{ id: 1 }], listener: null, clusterId: null })
  })

  it("keeps the quorum's listener from clients, also on a node that may vote later", () => {
    const loaded = load(
      'node.id=4\nlisteners=PLAINTEXT://:9092,CONTROLLER://:9093\ncontroller.quorum.voters=1@a:9093,2@b:9093',
    )
    if (!loaded.ok) throw new Error(loaded.problems.join())
    expect(loaded.config.quorum.listener).toMatchObject({ name: 'CONTROLLER', port: 9093 })
    expect(loaded.config.listeners.map(({ name }) => name)).toEqual(['PLAINTEXT'])
  })

  it('promises durability on disk until flush settings say otherwise', () => {
    expect(new Settings(1, new Map()).logConfig('t').durability).toEqual({ kind: 'group-commit' })
    const statics = new Map([['log.flush.interval.messages', '9223372036854775807']])
    expect(new Settings(1, statics).logConfig('t').durability).toEqual({
      kind: 'operating-system',
      flushMessages: Number.POSITIVE_INFINITY,
      flushMs: Number.POSITIVE_INFINITY,
    })
  })
})

describe('parseProperties', () => {
  it('reads what Java would', () => {
    const text =
      '# comment\n! too\nplain=1\ncolon : 2\nspace 3\nlong=a,\\\n   b\nesc\\:aped=x\\ty\\u0041\nempty=\n'
    expect(parseProperties(text).map(({ key, value, line }) => [key, value, line])).toEqual([
      ['plain', '1', 3],
      ['colon', '2', 4],
      ['space', '3', 5],
      ['long', 'a,b', 6],
      ['esc:aped', 'x\tyA', 8],
      ['empty', '', 9],
    ])
  })
})
