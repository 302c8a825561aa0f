/**
 * The group coordinators of this broker: one for each `__consumer_offsets` partition that it leads.
 *
 * Finds the one for a group by Kafka's hash, starts and ends them with leadership, and makes the topic when
 * the first client asks for a coordinator. Requests only ever reach a coordinator through here.
 */
import { coordinatorPartition } from '../../coordination/groups/coordinator-partition.ts'
import type {
  GroupEvent,
  GroupReply,
  GroupsConfig,
  GroupsContext,
  TopicFacts,
} from '../../coordination/groups/decision.ts'
import { refuseCommand } from '../../coordination/groups/refusals.ts'
import { type MetadataImage, topicByName } from '../../coordination/metadata/image.ts'
import { errorCode } from '../../protocol/errors.ts'
import type { Timer } from '../../runtime/clock.ts'
import type { Partition } from '../partitions/partition.ts'
import type { BrokerServices } from '../services.ts'
import { createMissingTopics, offsetsTopic } from '../topic-creation.ts'
import { type AskedCommand, GroupCoordinator } from './group-coordinator.ts'

export const OFFSETS_TOPIC = '__consumer_offsets'
const LOAD_POLL_MS = 2

export class GroupCoordinators {
  readonly #broker: () => BrokerServices
  readonly #coordinators = new Map<
    number,
    { readonly partition: Partition; readonly leaderEpoch: number; readonly coordinator: GroupCoordinator }
  >()
  #expiry: Timer | null = null

  constructor(broker: () => BrokerServices) {
    this.#broker = broker
  }

  /** All coordinators of this broker. */
  *all(): Generator<GroupCoordinator> {
    for (const { coordinator } of this.#coordinators.values()) yield coordinator
  }

  /** The coordinator of a group, or the code that sends its client elsewhere. */
  of(groupId: string): GroupCoordinator | number {
    const topic = topicByName(this.#broker().quorum.image, OFFSETS_TOPIC)
    if (topic === undefined) return errorCode.NOT_COORDINATOR
    return (
      this.#coordinators.get(coordinatorPartition(groupId, topic.partitions.size))?.coordinator ??
      errorCode.NOT_COORDINATOR
    )
  }

  /** Hands a request about a group to its coordinator, or refuses it. */
  request(
    groupId: string,
    command: (token: number) => AskedCommand,
    answer: (reply: GroupReply) => void,
  ): void {
    const coordinator = this.of(groupId)
    if (typeof coordinator === 'number') answer(refuseCommand(command(0), coordinator))
    else coordinator.request(command, answer)
  }

  /** Makes the topic when it is missing; without it there is no coordinator for anybody. */
  async ensureTopic(): Promise<void> {
    const broker = this.#broker()
    if (topicByName(broker.quorum.image, OFFSETS_TOPIC) === undefined)
      await createMissingTopics(broker, [offsetsTopic(broker)])
  }

  /** Starts and ends coordinators as this broker's part of the offsets topic changes. */
  follow(image: MetadataImage, deletedTopics: readonly string[]): void {
    const { partitions, world, settings } = this.#broker()
    const topic = topicByName(image, OFFSETS_TOPIC)
    const led = new Map<number, Partition>()
    for (const index of topic?.partitions.keys() ?? []) {
      const partition = partitions.byName(OFFSETS_TOPIC, index)
      if (typeof partition !== 'number' && partition.isLeader) led.set(index, partition)
    }
    for (const [index, { partition, leaderEpoch, coordinator }] of this.#coordinators) {
      // In another epoch others may have written meanwhile: what is known is of the epoch that is over.
      if (led.get(index) === partition && partition.leaderEpoch === leaderEpoch) continue
      coordinator.resign()
      this.#coordinators.delete(index)
    }
    for (const [index, partition] of led) {
      if (this.#coordinators.has(index)) continue
      const facts = { world, context: () => this.#context() }
      const coordinator = new GroupCoordinator(partition, facts)
      this.#coordinators.set(index, { partition, leaderEpoch: partition.leaderEpoch, coordinator })
    }
    if (deletedTopics.length > 0) this.#tellAll({ type: 'topics-deleted', topics: deletedTopics })
    if (this.#coordinators.size > 0)
      this.#scheduleExpiry(settings.number('offsets.retention.check.interval.ms'))
  }

  /** Resolves when no coordinator is loading any more, or after `waitMsMax`. */
  async whenLoaded(waitMsMax: number): Promise<void> {
    const { clock } = this.#broker().world
    const deadlineMs = clock.monotonicMs() + waitMsMax
    const isLoading = (): boolean => [...this.all()].some((coordinator) => coordinator.phase === 'loading')
    while (isLoading() && clock.monotonicMs() < deadlineMs) {
      await new Promise<void>((resolve) => {
        clock.schedule(LOAD_POLL_MS, resolve)
      })
    }
  }

  close(): void {
    this.#expiry?.cancel()
    for (const { coordinator } of this.#coordinators.values()) coordinator.resign()
    this.#coordinators.clear()
  }

  #tellAll(event: GroupEvent): void {
    for (const { coordinator } of this.#coordinators.values()) coordinator.execute(event)
  }

  #scheduleExpiry(intervalMs: number): void {
    if (this.#expiry !== null) return
    this.#expiry = this.#broker().world.calendar.schedule(intervalMs, () => {
      this.#expiry = null
      this.#tellAll({ type: 'expire-offsets' })
      this.#scheduleExpiry(this.#broker().settings.number('offsets.retention.check.interval.ms'))
    })
  }

  /** The topics that there are, for those who read what a group committed. */
  get topics(): TopicFacts {
    return this.#topics()
  }

  #context(): GroupsContext {
    const { world } = this.#broker()
    return { nowMs: world.clock.wallMs(), config: this.#config(), topics: this.#topics() }
  }

  #config(): GroupsConfig {
    const { settings } = this.#broker()
    return {
      sessionTimeoutMsMin: settings.number('group.min.session.timeout.ms'),
      sessionTimeoutMsMax: settings.number('group.max.session.timeout.ms'),
      groupSizeMax: settings.number('group.max.size'),
      initialRebalanceDelayMs: settings.number('group.initial.rebalance.delay.ms'),
      offsetMetadataBytesMax: settings.number('offset.metadata.max.bytes'),
      offsetsRetentionMs: settings.number('offsets.retention.minutes') * 60_000,
    }
  }

  #topics(): TopicFacts {
    const { image } = this.#broker().quorum
    return {
      idOf: (topic) => image.topicIds.get(topic),
      nameOf: (topicId) => image.topics.get(topicId)?.name,
      hasPartition: (topic, partition) => topicByName(image, topic)?.partitions.has(partition) ?? false,
    }
  }
}

/** The body of a reply that was made for this very API. */
export function replyBody<A extends GroupReply['api']>(reply: GroupReply, api: A): ReplyBody<A> {
  if (reply.api !== api) throw new Error(`a ${reply.api} answer for a ${api} request`)
  // The check above ties the body to the API's name, which the compiler cannot follow through a type parameter.
  return reply.body as ReplyBody<A>
}

type ReplyBody<A extends GroupReply['api']> = Extract<GroupReply, { readonly api: A }>['body']
