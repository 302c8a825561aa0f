/** `/metrics` of three real brokers: the names that Kafka's dashboards ask for, and what they tell when a node dies. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTopic } from '../../src/client/admin-topics.ts'
import type { Cluster } from '../../src/client/cluster.ts'
import { Producer } from '../../src/client/producer.ts'
import { until } from '../faults/script.ts'
import { connectTo } from '../faults/test-client.ts'
import { BrokerCluster } from './broker-cluster.ts'
import { freePort } from './free-port.ts'

const NODES = [1, 2, 3] as const
const CONTROLLER = 'kafka_controller_kafkacontroller_'
const STATS = 'kafka_controller_controllerstats_'
const RAFT = 'kafka_server_raftmetrics_'
const REPLICAS = 'kafka_server_replicamanager_'
const TOPICS = 'kafka_server_brokertopicmetrics_'

/** As Kafka's own names come out of its exporter (`kafka.controller:type=KafkaController,name=…`). */
const NAMES = [
  ...[
    'activebrokercount',
    'activecontrollercount',
    'controlledshutdownbrokercount',
    'fencedbrokercount',
    'globalpartitioncount',
    'globaltopiccount',
    'lastappliedrecordlagms',
    'lastappliedrecordoffset',
    'lastcommittedrecordoffset',
    'metadataerrorcount',
    'offlinepartitionscount',
    'preferredreplicaimbalancecount',
  ].map((name) => CONTROLLER + name),
  ...['electionfromeligibleleaderreplicas_total', 'uncleanleaderelections_total'].map((name) => STATS + name),
  ...[
    'append_records_rate',
    'commit_latency_avg',
    'commit_latency_max',
    'current_epoch',
    'current_leader',
    'current_state',
    'current_vote',
    'election_latency_avg',
    'election_latency_max',
    'fetch_records_rate',
    'high_watermark',
    'log_end_epoch',
    'log_end_offset',
    'number_of_observers',
    'number_of_voters',
  ].map((name) => RAFT + name),
  ...[
    'atminisrpartitioncount',
    'isrexpands_total',
    'isrshrinks_total',
    'leadercount',
    'offlinereplicacount',
    'partitioncount',
    'reassigningpartitions',
    'underminisrpartitioncount',
    'underreplicatedpartitions',
  ].map((name) => REPLICAS + name),
  ...['replicationbytesin_total', 'replicationbytesout_total'].map((name) => TOPICS + name),
  'kafka_server_brokermetadatametrics_last_applied_record_lag_ms',
  'kafka_server_brokermetadatametrics_last_applied_record_offset',
  'kafka_server_metadataloader_currentcontrollerid',
  'kafka_server_metadataloader_currentmetadataversion',
  'kafka_server_replicafetchermanager_failedpartitionscount',
  'kafka_server_replicafetchermanager_maxlag',
]

let cluster: BrokerCluster
let client: Cluster
const ports = new Map<number, number>()

/** Every series of a node, by its name with labels. */
async function scrape(node: number): Promise<ReadonlyMap<string, number>> {
  const answer = await fetch(`http://127.0.0.1:${ports.get(node)}/metrics`)
  const series = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    series.map((line) => [
      line.slice(0, line.lastIndexOf(' ')),
      Number(line.slice(line.lastIndexOf(' ') + 1)),
    ]),
  )
}

const scrapeAll = (nodes: readonly number[]) => Promise.all(nodes.map(scrape))

beforeAll(async () => {
  for (const node of NODES) ports.set(node, await freePort())
  cluster = await BrokerCluster.start({
    settingsOf: (node) => ({ 'observability.listener': `127.0.0.1:${ports.get(node)}` }),
  })
  client = connectTo(cluster.bootstrap, 60_000)
  await createTopic(client, {
    name: 'watched',
    partitions: 6,
    replicationFactor: 3,
    configs: { 'min.insync.replicas': '2' },
  })
}, 60_000)

afterAll(async () => {
  await client.close()
  await cluster.close()
})

describe('metrics of three brokers', () => {
  test('every node tells all of them', async () => {
    for (const metrics of await scrapeAll(NODES)) {
      const names = new Set([...metrics.keys()].map((key) => key.replace(/\{.*/, '')))
      expect(NAMES.filter((name) => !names.has(name))).toEqual([])
    }
  })

  test('all nodes agree on the cluster, and one is the controller', async () => {
    const producer = new Producer(client)
    for (let partition = 0; partition < 6; partition++)
      await producer.send('watched', [{ partition, value: Buffer.from('counted') }])
    const all = await scrapeAll(NODES)
    const sum = (name: string) => all.reduce((total, metrics) => total + (metrics.get(name) ?? Number.NaN), 0)
    expect(sum(`${CONTROLLER}activecontrollercount`)).toBe(1)
    expect(sum(`${RAFT}current_state{current_state="leader"}`)).toBe(1)
    expect(sum(`${RAFT}current_state{current_state="follower"}`)).toBe(2)
    expect(sum(`${REPLICAS}leadercount`)).toBe(6)
    expect(sum(`${REPLICAS}partitioncount`)).toBe(18)
    expect(sum(`${TOPICS}replicationbytesin_total`)).toBeGreaterThan(0)
    expect(sum(`${TOPICS}replicationbytesin_total`)).toBe(sum(`${TOPICS}replicationbytesout_total`))
    const controller = NODES.find((_, index) => all[index]?.get(`${CONTROLLER}activecontrollercount`) === 1)
    for (const metrics of all) {
      expect(metrics.get(`${CONTROLLER}activebrokercount`)).toBe(3)
      expect(metrics.get(`${CONTROLLER}fencedbrokercount`)).toBe(0)
      expect(metrics.get(`${CONTROLLER}globaltopiccount`)).toBe(1)
      expect(metrics.get(`${CONTROLLER}globalpartitioncount`)).toBe(6)
      expect(metrics.get(`${CONTROLLER}offlinepartitionscount`)).toBe(0)
      expect(metrics.get(`${RAFT}current_leader`)).toBe(controller)
      expect(metrics.get('kafka_server_metadataloader_currentcontrollerid')).toBe(controller)
      expect(metrics.get(`${RAFT}number_of_voters`)).toBe(3)
      expect(metrics.get(`${RAFT}log_end_epoch`)).toBe(metrics.get(`${RAFT}current_epoch`))
    }
  })

  test('those that live tell what the death of a node did', async () => {
    await cluster.kill(3)
    const seen = await until('the death was noticed', 20_000, async () => {
      const [metrics] = await scrapeAll([1])
      const isFenced = metrics?.get(`${CONTROLLER}fencedbrokercount`) === 1
      return isFenced &&
        metrics.get(`${REPLICAS}underreplicatedpartitions`) === metrics.get(`${REPLICAS}leadercount`)
        ? metrics
        : null
    })
    expect(seen.get(`${CONTROLLER}activebrokercount`)).toBe(2)
    expect(seen.get(`${CONTROLLER}offlinepartitionscount`)).toBe(0)
    expect(seen.get(`${CONTROLLER}preferredreplicaimbalancecount`)).toBe(2)
    expect(seen.get(`sluice_controller_leader_elections_total`)).toBe(2)
    expect(seen.get(`${STATS}uncleanleaderelections_total`)).toBe(0)
    expect(seen.get(`${REPLICAS}isrshrinks_total`)).toBeGreaterThan(0)
    expect(seen.get(`${REPLICAS}atminisrpartitioncount`)).toBe(seen.get(`${REPLICAS}leadercount`))
    const both = await scrapeAll([1, 2])
    expect(both.reduce((sum, metrics) => sum + (metrics.get(`${REPLICAS}leadercount`) ?? 0), 0)).toBe(6)
  })
})
