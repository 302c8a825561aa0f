/**
 * What a running Kafka 4.3.1 answered, asked again of a running broker of ours: the same shape, the same error codes,
 * in the same places.
 *
 * Topics and groups of that run are set up by name; its topic ids are exchanged for ours. Values that belong to that
 * run (offsets, times, ids, texts) are not compared. What cannot be asked is skipped by the table, with its reason.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type JsonObject, messageFromJson, messageToJson } from '../../src/protocol/codec/json.ts'
import { apiVersions } from '../../src/protocol/messages/api-versions.ts'
import { deleteRecords } from '../../src/protocol/messages/delete-records.ts'
import { findCoordinator } from '../../src/protocol/messages/find-coordinator.ts'
import { apiByKey } from '../../src/protocol/messages/index.ts'
import { offsetCommit } from '../../src/protocol/messages/offset-commit.ts'
import { ZERO_UUID } from '../../src/protocol/uuid.ts'
import { readGoldenLines } from '../protocol/golden-files.ts'
import { type BrokerProcess, startBroker } from './broker-process.ts'
import { RawConnection } from './raw-connection.ts'
import { batchOf, createTopic, produceTo } from './raw-requests.ts'

interface Exchange {
  readonly api: string
  readonly key: number
  readonly version: number
  readonly listener: string
  readonly hex: string
  readonly request?: JsonObject
  readonly response?: JsonObject
  readonly closed?: boolean
}

/** APIs that are not served, each with what it waits for. */
const NOT_SERVED: Readonly<Record<string, string>> = {
  AddOffsetsToTxn: 'transactions',
  EndTxn: 'transactions',
  DescribeProducers: 'transactions',
  DescribeTransactions: 'transactions',
  ListTransactions: 'transactions',
  ConsumerGroupDescribe: 'consumer groups of KIP-848',
  ConsumerGroupHeartbeat: 'consumer groups of KIP-848',
  ShareGroupDescribe: 'share groups',
  DescribeAcls: 'security',
  SaslHandshake: 'security',
  DescribeUserScramCredentials: 'security',
  DescribeClientQuotas: 'quotas',
}

/** Why an exchange is not compared; null: it is. */
function skipReason({ api, version, listener, request, response, closed }: Exchange): string | null {
  if (listener === 'controller') return 'there is no listener for controllers'
  if (NOT_SERVED[api] !== undefined) return `not served yet: ${NOT_SERVED[api]}`
  if (response === undefined && closed !== true) return 'its answer was kept raw (asked in observed 1)'
  const text = JSON.stringify(request ?? {})
  if (api === 'DescribeGroups' && version >= 6) return 'a group of KIP-848 is described there'
  if (/"transactionalId":"|"keyType":1/.test(text)) return 'not served yet: transactions'
  return null
}

/** Lists whose elements belong to that run; that they are lists is all that is compared. */
const LISTS_OF_THAT_RUN = new Set([
  'apiKeys',
  'supportedFeatures',
  'finalizedFeatures',
  'abortedTransactions',
  'configs',
  'configResources',
  'brokers',
])
/** Tagged fields that tell of that run's cluster or are left out when they have their default. */
const FIELDS_OF_THAT_RUN = new Set([
  'finalizedFeaturesEpoch',
  'finalizedFeatures',
  'supportedFeatures',
  'currentLeader',
  'nodeEndpoints',
])
/** What tells one element of a list from another. */
const NAMES = new Set([
  'name',
  'topic',
  'topicId',
  'groupId',
  'partitionIndex',
  'index',
  'partition',
  'key',
  'resourceName',
])

/** The topics of that run, with what of their settings matters. */
const TOPICS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  plain: { 'retention.ms': '86400000' },
  txn: {},
  compact: { 'cleanup.policy': 'compact' },
}

let broker: BrokerProcess
let raw: RawConnection
/** Topic names by id, of both runs. */
const nameOfId = new Map<string, string>()
const ourIds = new Map<string, string>()

const exchanges = readGoldenLines<Exchange>('exchanges')

/** The ids of that run stand beside the names in its answers. */
function collectIds(value: unknown): void {
  if (Array.isArray(value)) value.forEach(collectIds)
  else if (typeof value === 'object' && value !== null) {
    const { name, topicId } = value as Record<string, unknown>
    if (typeof name === 'string' && typeof topicId === 'string' && topicId !== ZERO_UUID && name in TOPICS)
      nameOfId.set(topicId, name)
    Object.values(value).forEach(collectIds)
  }
}

beforeAll(async () => {
  broker = await startBroker({ settings: { 'offsets.topic.num.partitions': '1' } })
  raw = await RawConnection.open(broker.port)
  for (const { response } of exchanges) collectIds(response)
  for (const [name, configs] of Object.entries(TOPICS)) {
    const id = await createTopic(raw, name, 1, configs)
    ourIds.set(name, id)
    nameOfId.set(id, name)
  }
  const now = Date.now()
  const values = Array.from({ length: 120 }, (_, index) => `${index}`)
  await produceTo(raw, 'plain', batchOf(values, {}, now))
  await produceTo(raw, 'txn', batchOf(values.slice(0, 34), {}, now))
  const topics = [{ name: 'plain', partitions: [{ partitionIndex: 0, offset: 15n }] }]
  await raw.request(deleteRecords, 2, { topics, timeoutMs: 1_000 })
  await raw.request(findCoordinator, 4, { coordinatorKeys: ['classic', 'modern'] })
  for (const groupId of ['classic', 'modern']) {
    const partitions = [{ partitionIndex: 0, committedOffset: 20n, committedMetadata: '' }]
    const committed = [...ourIds.keys()].map((name) => ({ name, partitions }))
    await raw.request(offsetCommit, 9, { groupId, memberId: '', topics: committed })
  }
})

afterAll(async () => {
  raw.close()
  await broker.close()
})

/** That run's topic ids exchanged for ours, wherever they stand. */
function withOurIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withOurIds)
  if (typeof value === 'string') return ourIds.get(nameOfId.get(value) ?? '') ?? value
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, withOurIds(part)]))
}

/** Topics and groups of features that are not served here. */
function isOfThatRun(element: unknown): boolean {
  if (typeof element !== 'object' || element === null) return false
  const { name, groupId } = element as Record<string, unknown>
  return name === '__share_group_state' || name === '__transaction_state' || groupId === 'sharing'
}

/** Field names, error codes and names; everything else is only there or null. */
function skeleton(value: unknown, field = ''): unknown {
  if (Array.isArray(value)) {
    if (LISTS_OF_THAT_RUN.has(field)) return 'list'
    return value
      .filter((element) => !isOfThatRun(element))
      .map((element) => skeleton(element, field))
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  }
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value)
        .filter(([name]) => !FIELDS_OF_THAT_RUN.has(name))
        .map(([name, part]) => [name, skeleton(part, name)]),
    )
  if (field === 'errorCode') return value
  if (field === 'topicId' && value !== ZERO_UUID) return nameOfId.get(String(value)) ?? 'some id'
  if (NAMES.has(field)) return value
  return '·'
}

async function answerTo(exchange: Exchange): Promise<unknown> {
  const api = apiByKey(exchange.key)
  const fresh = await RawConnection.open(broker.port)
  try {
    if (api === undefined || exchange.request === undefined) {
      fresh.write(Buffer.from(exchange.hex, 'hex'))
      await fresh.closed
      return 'closed'
    }
    const json = withOurIds(exchange.request) as JsonObject
    const body = messageFromJson(api.request, exchange.version, json)
    const answer = await fresh.request(api, exchange.version, body)
    return messageToJson(api.response, exchange.version, answer)
  } finally {
    fresh.close()
  }
}

const compared = exchanges.filter((exchange) => skipReason(exchange) === null)

test('the skipped exchanges, by reason', () => {
  const counts = new Map<string, number>()
  for (const exchange of exchanges) {
    const reason = skipReason(exchange)
    if (reason !== null) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  }
  for (const [reason, count] of counts) console.log(`${count} exchanges skipped: ${reason}`)
  expect(compared.length).toBeGreaterThan(300)
})

test('what is skipped as not served is truly not told', async () => {
  const { apiKeys } = await raw.request(apiVersions, 0, {})
  const told = apiKeys.flatMap(({ apiKey }) => apiByKey(apiKey)?.name ?? [])
  expect(told.filter((name) => NOT_SERVED[name] !== undefined)).toEqual([])
})

describe('the same shape and codes as Kafka', () => {
  const names = [...new Set(compared.map(({ api }) => api))]
  test.each(names)('%s', async (name) => {
    const differences: unknown[] = []
    for (const exchange of compared.filter(({ api }) => api === name)) {
      const ours = await answerTo(exchange).catch((error: unknown) => String(error))
      const wanted = exchange.closed === true ? '·' : skeleton(exchange.response)
      const got = skeleton(ours)
      if (JSON.stringify(got) !== JSON.stringify(wanted))
        differences.push({ version: exchange.version, request: exchange.request, wanted, got })
    }
    expect(differences).toEqual([])
  })
})

test('no request failed by a bug', () => {
  expect(broker.errors()).not.toContain('a request failed by a bug')
})
