/**
 * Every API that ApiVersions tells, at every version in its range: a request of every day and all of Kafka's own
 * golden requests, the empty and the absurd among them, get one answer that can be read to its last byte.
 *
 * An answer that a version cannot spell closes the connection; that would show here.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeResponse } from '../../src/protocol/header.ts'
import { apiVersions } from '../../src/protocol/messages/api-versions.ts'
import { createTopics } from '../../src/protocol/messages/create-topics.ts'
import { findCoordinator } from '../../src/protocol/messages/find-coordinator.ts'
import { apiByKey } from '../../src/protocol/messages/index.ts'
import { offsetCommit } from '../../src/protocol/messages/offset-commit.ts'
import { produce } from '../../src/protocol/messages/produce.ts'
import type { Api } from '../../src/protocol/schema/message.ts'
import { type GoldenLine, readGoldenLines } from '../protocol/golden-files.ts'
import { type BrokerProcess, startBroker } from './broker-process.ts'
import { HungUp, RawConnection } from './raw-connection.ts'
import { type Subject, typicalRequests } from './typical-requests.ts'

interface Range {
  readonly api: Api
  readonly min: number
  readonly max: number
}

const TOPIC = 'every-version'
const GROUP = 'every-version-group'
const CORRELATION_ID = 77

let broker: BrokerProcess
let subject: Subject
let served: Range[]

beforeAll(async () => {
  broker = await startBroker()
  const connection = await RawConnection.open(broker.port)
  const answer = await connection.request(apiVersions, 0, {})
  served = answer.apiKeys.map(({ apiKey, minVersion, maxVersion }) => {
    const api = apiByKey(apiKey)
    if (api === undefined) throw new Error(`ApiVersions tells of an unknown API ${apiKey}`)
    // Produce is told from 0 on and served from 3 on (KAFKA-18659).
    return { api, min: Math.max(minVersion, api.versions.min), max: maxVersion }
  })
  const created = await connection.request(createTopics, 7, {
    topics: [{ name: TOPIC, numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }],
  })
  subject = { topic: TOPIC, topicId: created.topics[0]?.topicId ?? '', group: GROUP }
  await connection.request(findCoordinator, 4, { coordinatorKeys: [GROUP] })
  const partitions = [{ partitionIndex: 0, committedOffset: 0n, committedMetadata: '' }]
  await connection.request(offsetCommit, 9, {
    groupId: GROUP,
    memberId: '',
    topics: [{ name: TOPIC, partitions }],
  })
  connection.close()
})

afterAll(async () => {
  await broker.close()
})

/** The error codes of an answer, wherever in it they stand. */
function errorCodesOf(value: unknown): number[] {
  if (Array.isArray(value)) return value.flatMap(errorCodesOf)
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return []
  return Object.entries(value).flatMap(([name, part]) =>
    name === 'errorCode' ? [Number(part)] : errorCodesOf(part),
  )
}

/** What a typical request is refused with, by intention: it names what does not exist. */
const REFUSED: Readonly<Record<string, readonly number[]>> = {
  SyncGroup: [25],
  Heartbeat: [25],
  LeaveGroup: [25],
  DeleteGroups: [69],
  DeleteTopics: [3],
  CreatePartitions: [37],
  AlterReplicaLogDirs: [57],
  ElectLeaders: [84],
  UnregisterBroker: [102],
  AddRaftVoter: [42],
  RemoveRaftVoter: [127],
}

describe('typical requests', () => {
  test('are there for every API that is served', () => {
    const known = new Set(typicalRequests.map(({ api }) => api.name))
    expect(served.map(({ api }) => api.name).filter((name) => !known.has(name))).toEqual([])
  })

  test('observed 3 and 19: every version of every API answers as it should', async () => {
    const wrong: string[] = []
    for (const { api, min, max } of served) {
      const request = typicalRequests.find((candidate) => candidate.api.key === api.key)
      if (request === undefined) continue
      for (let version = min; version <= max; version++) {
        const connection = await RawConnection.open(broker.port)
        try {
          const unique = `${api.name}-${version}`
          const answer = await connection.request(api, version, request.body(version, subject, unique))
          const codes = errorCodesOf(answer).filter((code) => code !== 0)
          const wanted = REFUSED[api.name] ?? (api.name === 'JoinGroup' && version >= 4 ? [79] : [])
          if (codes.join() !== wanted.join()) wrong.push(`${api.name} ${version}: error ${codes.join()}`)
        } catch (error) {
          wrong.push(`${api.name} ${version}: ${error}`)
        }
        connection.close()
      }
    }
    expect(wrong).toEqual([])
  })
})

/** Without acks nothing is answered; closing is how Kafka tells that it failed. */
async function afterSilence(connection: RawConnection, after: number): Promise<string | null> {
  await connection.answer(apiVersions, 0, after).catch((error: unknown) => {
    if (!(error instanceof HungUp)) throw error
  })
  return null
}

/** Asks with the golden body, then with a second question that shows that the connection lives on. */
async function answerTo(line: GoldenLine, api: Api): Promise<string | null> {
  const connection = await RawConnection.open(broker.port)
  try {
    connection.write(frameOf(line, api))
    const after = connection.post(apiVersions, 0, {})
    if (api.key === produce.key && (line.json as { acks: number }).acks === 0)
      return await afterSilence(connection, after)
    const frame = await connection.frame()
    const decoded = decodeResponse(api, line.version, frame)
    if (!decoded.ok) return decoded.error.message
    if (decoded.value.correlationId !== CORRELATION_ID) return 'no answer'
    if (decoded.position !== frame.length) return 'an answer with a tail'
    await connection.answer(apiVersions, 0, after)
    return null
  } catch (error) {
    return error instanceof HungUp ? 'closed' : String(error)
  } finally {
    connection.close()
  }
}

function frameOf(line: GoldenLine, api: Api): Buffer {
  const flexible = api.flexibleSince !== null && line.version >= api.flexibleSince
  const header = Buffer.alloc(4 + 10 + (flexible ? 1 : 0))
  const body = Buffer.from(line.hex, 'hex')
  header.writeInt32BE(header.length - 4 + body.length, 0)
  header.writeInt16BE(api.key, 4)
  header.writeInt16BE(line.version, 6)
  header.writeInt32BE(CORRELATION_ID, 8)
  header.writeInt16BE(-1, 12)
  return Buffer.concat([header, body])
}

describe('golden requests', () => {
  test.each(['empty', 'defaults', 'typical', 'edge', 'mixed'])('%s: each is answered', async (profile) => {
    const lines = readGoldenLines('wire').filter(
      (line) => line.kind === 'request' && (line.profile ?? 'defaults') === profile,
    )
    const wrong: string[] = []
    let asked = 0
    for (const line of lines) {
      const range = served.find(({ api }) => api.key === line.key)
      if (range === undefined || line.version < range.min || line.version > range.max) continue
      asked++
      const problem = await answerTo(line, range.api).catch((error: unknown) => String(error))
      if (problem !== null) wrong.push(`${line.api} ${line.version}: ${problem}`)
      if (broker.process.exitCode !== null)
        throw new Error(`${wrong.join('\n')}\nthe broker died: ${broker.errors()}`)
    }
    expect(asked).toBeGreaterThan(20)
    expect(wrong).toEqual([])
  })
})

test('no request failed by a bug', () => {
  expect(broker.errors()).not.toContain('a request failed by a bug')
})
