/**
 * The cluster as a client sees it: which brokers there are, who leads what, and a connection to each.
 *
 * Knowledge is fetched when it is missing or has proved wrong, never on a timer, and then from another broker than before:
 * one that is cut off from the others goes on telling what was true. Who leads by an older leader epoch than was heard of
 * leads no more (KIP-320). Retriable failures are retried with growing pauses until the deadline of the call; all others
 * reach the caller at once.
 */
import { errorCode } from '../protocol/errors.ts'
import { findCoordinator } from '../protocol/messages/find-coordinator.ts'
import { type MetadataResponse, metadata } from '../protocol/messages/metadata.ts'
import type { Fields, StructInput, StructValue } from '../protocol/schema/field.ts'
import type { Api } from '../protocol/schema/message.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Network } from '../runtime/network.ts'
import type { Random } from '../runtime/random.ts'
import { answeredError, ClientError } from './client-error.ts'
import { BrokerConnection } from './connection.ts'

export interface ClientWorld {
  readonly clock: Clock
  readonly network: Network
  readonly random: Random
}

export interface ClusterOptions {
  /** `host:port`, at least one. */
  readonly bootstrap: readonly string[]
  readonly clientId?: string
  readonly connectTimeoutMs?: number
  readonly requestTimeoutMs?: number
  /** How long retriable failures are retried. */
  readonly retryMs?: number
}

export interface Node {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

export type TopicMetadata = MetadataResponse['topics'][number]

const GROUP = 0
const PAUSE_MS_FIRST = 50
const PAUSE_MS_MAX = 1_000
const ANY_NODE = -1
const NOBODY = -1

function parseAddress(text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text.trim())
  if (match === null) throw new ClientError('UNSUPPORTED', `"${text}" is not host:port`, false)
  return { host: match[1] ?? match[2] ?? '', port: Number(match[3] ?? 9092) }
}

export class Cluster {
  readonly world: ClientWorld
  readonly #bootstrap: readonly { host: string; port: number }[]
  readonly #connectionOptions: { clientId: string; connectTimeoutMs: number; requestTimeoutMs: number }
  readonly #retryMs: number
  readonly #connections = new Map<string, Promise<BrokerConnection>>()
  readonly #coordinators = new Map<string, number>()
  readonly #topics = new Map<string, TopicMetadata>()
  /** The newest leader epoch that was heard of, by topic id and partition. */
  readonly #leaderEpochs = new Map<string, number>()
  /** Who of all that may be asked is asked first. */
  #firstAsked = 0
  #nodes = new Map<number, Node>()
  #controllerId = ANY_NODE
  #clusterId: string | null = null
  #closed = false

  constructor(world: ClientWorld, options: ClusterOptions) {
    this.world = world
    this.#bootstrap = options.bootstrap.map(parseAddress)
    this.#connectionOptions = {
      clientId: options.clientId ?? 'sluice',
      connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
      requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
    }
    this.#retryMs = options.retryMs ?? 15_000
  }

  get nodes(): readonly Node[] {
    return [...this.#nodes.values()]
  }

  get controllerId(): number {
    return this.#controllerId
  }

  get clusterId(): string | null {
    return this.#clusterId
  }

  /** Runs `attempt` again after retriable failures, with growing pauses, until the time is up. */
  async retrying<T>(attempt: () => Promise<T>, retryMs = this.#retryMs): Promise<T> {
    const deadlineMs = this.world.clock.monotonicMs() + retryMs
    for (let pauseMs = PAUSE_MS_FIRST; ; pauseMs = Math.min(PAUSE_MS_MAX, 2 * pauseMs)) {
      try {
        return await attempt()
      } catch (error) {
        const leftMs = deadlineMs - this.world.clock.monotonicMs()
        if (!(error instanceof ClientError) || !error.retriable || leftMs < pauseMs || this.#closed)
          throw error
        await this.pause(pauseMs / 2 + this.world.random.below(pauseMs / 2 + 1))
      }
    }
  }

  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.world.clock.schedule(delayMs, resolve)
    })
  }

  /** Asks a node, or any one that answers. */
  async request<Q extends Fields, R extends Fields>(
    nodeId: number | null,
    api: Api<Q, R>,
    body: StructInput<Q>,
    options: { readonly versionMax?: number; readonly timeoutMs?: number } = {},
  ): Promise<StructValue<R>> {
    const connection = await this.connection(nodeId)
    return connection.request(api, body, options)
  }

  /** A connection to a node; null for any. */
  async connection(nodeId: number | null): Promise<BrokerConnection> {
    if (nodeId === null || nodeId === ANY_NODE) return this.#anyConnection()
    let node = this.#nodes.get(nodeId)
    if (node === undefined) {
      await this.refresh([])
      node = this.#nodes.get(nodeId)
    }
    if (node === undefined)
      throw new ClientError('BROKER_NOT_AVAILABLE', `broker ${nodeId} is not in the cluster now`, true)
    return this.#dial(node.host, node.port)
  }

  /** Learns about topics (null: all of them). Creates missing ones only if told to. */
  async refresh(topics: readonly string[] | null, create = false): Promise<MetadataResponse> {
    const answer = await this.request(null, metadata, {
      topics: topics?.map((name) => ({ name })) ?? null,
      allowAutoTopicCreation: create,
    })
    this.#nodes = new Map(answer.brokers.map((broker) => [broker.nodeId, broker]))
    this.#controllerId = answer.controllerId
    this.#clusterId = answer.clusterId
    for (const topic of answer.topics) {
      if (topic.name === null) continue
      if (topic.errorCode === 0) this.#topics.set(topic.name, this.#withoutDeposed(topic))
      else this.#topics.delete(topic.name)
    }
    return answer
  }

  /** Nobody instead of a leader that another one has followed. */
  #withoutDeposed(topic: TopicMetadata): TopicMetadata {
    const partitions = topic.partitions.map((partition) => {
      const key = `${topic.topicId} ${partition.partitionIndex}`
      const newest = this.#leaderEpochs.get(key) ?? -1
      if (partition.leaderEpoch < 0) return partition
      if (partition.leaderEpoch < newest) return { ...partition, leaderId: NOBODY }
      this.#leaderEpochs.set(key, partition.leaderEpoch)
      return partition
    })
    return { ...topic, partitions }
  }

  /** One topic with its partitions, from memory if it is there. */
  async topic(name: string, create = false): Promise<TopicMetadata> {
    const known = this.#topics.get(name)
    if (known !== undefined) return known
    return this.retrying(async () => {
      const answer = await this.refresh([name], create)
      const topic = answer.topics.find((candidate) => candidate.name === name)
      if (topic === undefined) throw answeredError(errorCode.UNKNOWN_TOPIC_OR_PARTITION, `topic ${name}`)
      if (topic.errorCode === errorCode.UNKNOWN_TOPIC_OR_PARTITION)
        throw new ClientError('UNKNOWN_TOPIC_OR_PARTITION', `topic ${name} does not exist`, false)
      if (topic.errorCode !== 0) throw answeredError(topic.errorCode, `topic ${name}`)
      return this.#topics.get(name) ?? topic
    })
  }

  /** The node that leads a partition. */
  async leader(topic: string, partition: number): Promise<number> {
    return (await this.leadership(topic, partition)).leaderId
  }

  /** The node that leads a partition, and in which leader epoch; -1 where brokers do not tell it. */
  async leadership(
    topic: string,
    partition: number,
  ): Promise<{ readonly leaderId: number; readonly leaderEpoch: number }> {
    return this.retrying(async () => {
      const found = (await this.topic(topic)).partitions.find(
        (candidate) => candidate.partitionIndex === partition,
      )
      if (found === undefined)
        throw new ClientError(
          'UNKNOWN_TOPIC_OR_PARTITION',
          `topic ${topic} has no partition ${partition}`,
          false,
        )
      if (found.leaderId < 0) {
        this.forget(topic)
        throw answeredError(errorCode.LEADER_NOT_AVAILABLE, `${topic}-${partition}`)
      }
      return found
    })
  }

  /**
   * Asks the node that leads a partition. Whatever fails there, a connection too, may mean that another leads now: the
   * next attempt looks it up.
   */
  async atLeader<T>(topic: string, partition: number, ask: (leader: number) => Promise<T>): Promise<T> {
    const leader = await this.leader(topic, partition)
    try {
      return await ask(leader)
    } catch (error) {
      this.forget(topic)
      throw error
    }
  }

  /** What was known of a topic has proved wrong. */
  forget(topic: string): void {
    this.#topics.delete(topic)
    this.#firstAsked++
  }

  /** The node that coordinates a group. */
  async coordinator(group: string): Promise<number> {
    const known = this.#coordinators.get(group)
    if (known !== undefined) return known
    return this.retrying(async () => {
      const answer = await this.request(
        null,
        findCoordinator,
        { key: group, keyType: GROUP },
        { versionMax: 3 },
      )
      if (answer.errorCode !== 0) throw answeredError(answer.errorCode, `group ${group}`, answer.errorMessage)
      this.#nodes.set(answer.nodeId, {
        nodeId: answer.nodeId,
        host: answer.host,
        port: answer.port,
        rack: null,
      })
      this.#coordinators.set(group, answer.nodeId)
      return answer.nodeId
    })
  }

  /**
   * Asks the node that coordinates a group. Whatever fails there, a connection too, may mean that another one does now: the
   * next attempt looks it up.
   */
  async atCoordinator<T>(group: string, ask: (node: number) => Promise<T>): Promise<T> {
    const node = await this.coordinator(group)
    try {
      return await ask(node)
    } catch (error) {
      this.forgetCoordinator(group)
      throw error
    }
  }

  forgetCoordinator(group: string): void {
    this.#coordinators.delete(group)
  }

  async close(): Promise<void> {
    this.#closed = true
    const connections = [...this.#connections.values()]
    this.#connections.clear()
    for (const opening of connections) {
      const connection = await opening.catch(() => null)
      connection?.close()
    }
  }

  async #anyConnection(): Promise<BrokerConnection> {
    const all = [...this.#bootstrap, ...this.#nodes.values()]
    const first = this.#firstAsked % all.length
    const candidates = [...all.slice(first), ...all.slice(0, first)]
    let failure: unknown = new ClientError('CONNECTION_FAILED', 'no broker to connect to', false)
    for (const { host, port } of candidates) {
      try {
        return await this.#dial(host, port)
      } catch (error) {
        failure = error
      }
    }
    throw failure
  }

  #dial(host: string, port: number): Promise<BrokerConnection> {
    if (this.#closed) return Promise.reject(new ClientError('CLOSED', 'the client is closed', false))
    const key = `${host}:${port}`
    const known = this.#connections.get(key)
    if (known !== undefined) return known
    const forget = (): void => {
      this.#connections.delete(key)
    }
    const opening = BrokerConnection.open(
      this.world.network,
      this.world.clock,
      host,
      port,
      this.#connectionOptions,
      forget,
    )
    this.#connections.set(key, opening)
    opening.catch(forget)
    return opening
  }
}
