/**
 * Who leads instead: what an answer says beside "not the leader", so that a client need not ask for metadata (KIP-951).
 *
 * One for each answer. It tells what the newest metadata says, and where the leader is reached through the listener that
 * the client came in by; of a partition that nobody leads it says so, and adds no address.
 */
import { clientEndpoint } from '../coordination/metadata/describe/endpoint.ts'
import { topicByName } from '../coordination/metadata/image.ts'
import { clientView } from './client-view.ts'
import type { Call } from './handler.ts'

interface NodeEndpoint {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

export class CurrentLeaders {
  readonly #call: Call<never>
  readonly #endpoints = new Map<number, NodeEndpoint>()

  constructor(call: Call<never>) {
    this.#call = call
  }

  /** The leader of a partition, found by its topic's id where one is named; undefined when there is no such partition. */
  leaderOf(
    topic: { readonly name: string; readonly topicId: string },
    index: number,
  ): { readonly leaderId: number; readonly leaderEpoch: number } | undefined {
    const { image } = this.#call.broker.quorum
    const known = image.topics.get(topic.topicId) ?? topicByName(image, topic.name)
    const partition = known?.partitions.get(index)
    if (partition === undefined) return undefined
    const broker = image.brokers.get(partition.leader)
    const address = broker && clientEndpoint(broker, clientView(this.#call))
    if (broker !== undefined && address !== undefined)
      this.#endpoints.set(broker.id, { nodeId: broker.id, ...address, rack: broker.rack })
    return { leaderId: partition.leader, leaderEpoch: partition.leaderEpoch }
  }

  /** Where the leaders are that were told; each once. */
  get endpoints(): readonly NodeEndpoint[] {
    return [...this.#endpoints.values()]
  }
}
