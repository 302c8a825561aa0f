/**
 * A member of a classic consumer group: joins, takes its share, stays alive, commits, leaves.
 *
 * It speaks the consumer protocol with the range assignor, so it shares groups with members that know `range`.
 * One call is under way at a time towards the coordinator, beside heartbeats. It never touches records.
 */
import { compile, encodeToBuffer } from '../protocol/codec/compile.ts'
import { consumerProtocolAssignment, consumerProtocolSubscription } from '../protocol/consumer-protocol.ts'
import { errorCode } from '../protocol/errors.ts'
import { heartbeat } from '../protocol/messages/heartbeat.ts'
import { type JoinGroupResponse, joinGroup } from '../protocol/messages/join-group.ts'
import { leaveGroup } from '../protocol/messages/leave-group.ts'
import { offsetCommit } from '../protocol/messages/offset-commit.ts'
import { syncGroup } from '../protocol/messages/sync-group.ts'
import { answeredError, ClientError } from './client-error.ts'
import type { Cluster } from './cluster.ts'
import { assignRanges } from './range-assignor.ts'

export interface GroupMemberOptions {
  readonly groupId: string
  readonly topics: readonly string[]
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
}

export interface AssignedPartition {
  readonly topic: string
  readonly partition: number
}

const PROTOCOL_TYPE = 'consumer'
const PROTOCOL = 'range'
/** Last versions whose topics go by name. */
const COMMIT_VERSION_BY_NAME = 9
const SUBSCRIPTION_VERSION = 0
const REBALANCING: readonly number[] = [
  errorCode.REBALANCE_IN_PROGRESS,
  errorCode.ILLEGAL_GENERATION,
  errorCode.UNKNOWN_MEMBER_ID,
  errorCode.MEMBER_ID_REQUIRED,
]

/** The bytes of a consumer protocol message: its version stands in front. */
function withVersion(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0, SUBSCRIPTION_VERSION]), bytes])
}

export class GroupMember {
  readonly #cluster: Cluster
  readonly #options: GroupMemberOptions
  #memberId = ''
  #generationId = -1

  constructor(cluster: Cluster, options: GroupMemberOptions) {
    this.#cluster = cluster
    this.#options = options
  }

  get memberId(): string {
    return this.#memberId
  }

  get generationId(): number {
    return this.#generationId
  }

  /** Takes part in the next generation; the answer is this member's share. */
  async join(): Promise<AssignedPartition[]> {
    return this.#cluster.retrying(async () => {
      for (;;) {
        const joined = await this.#sendJoin()
        if (joined === null) continue
        const share = await this.#sync(joined)
        if (share !== null) return share
      }
    }, this.#options.rebalanceTimeoutMs)
  }

  /** Says that this member lives; false when it must join again. */
  async heartbeat(): Promise<boolean> {
    return this.#retrying(async (node) => {
      const { errorCode: code } = await this.#cluster.request(node, heartbeat, {
        groupId: this.#options.groupId,
        generationId: this.#generationId,
        memberId: this.#memberId,
      })
      return this.#goesOn(code)
    })
  }

  /** Keeps the offsets of the records to be read next; false when the share is no longer this member's. */
  async commit(offsets: readonly { topic: string; partition: number; offset: number }[]): Promise<boolean> {
    if (offsets.length === 0) return true
    return this.#retrying(async (node) => {
      const answer = await this.#cluster.request(
        node,
        offsetCommit,
        {
          groupId: this.#options.groupId,
          generationIdOrMemberEpoch: this.#generationId,
          memberId: this.#memberId,
          topics: offsets.map(({ topic, partition, offset }) => ({
            name: topic,
            partitions: [
              { partitionIndex: partition, committedOffset: BigInt(offset), committedMetadata: '' },
            ],
          })),
        },
        { versionMax: COMMIT_VERSION_BY_NAME },
      )
      const failed = answer.topics
        .flatMap((topic) => topic.partitions)
        .find((partition) => partition.errorCode !== 0)
      return failed === undefined || this.#goesOn(failed.errorCode)
    })
  }

  /** Gives the share back at once, instead of after the session time-out. */
  async leave(): Promise<void> {
    if (this.#memberId === '') return
    const { groupId } = this.#options
    const left = { groupId, memberId: this.#memberId }
    await this.#cluster.atCoordinator(groupId, (node) =>
      this.#cluster.request(node, leaveGroup, left, { versionMax: 2 }),
    )
    this.#memberId = ''
  }

  /** Whether membership goes on after that code; throws what is no part of a rebalance. */
  #goesOn(code: number): boolean {
    if (code === 0) return true
    if (code === errorCode.UNKNOWN_MEMBER_ID) this.#memberId = ''
    if (REBALANCING.includes(code)) return false
    throw answeredError(code, `group ${this.#options.groupId}`)
  }

  #retrying<T>(ask: (node: number) => Promise<T>): Promise<T> {
    return this.#cluster.retrying(() => this.#cluster.atCoordinator(this.#options.groupId, ask))
  }

  /** null when the coordinator wants the join once more (KIP-394, or an id that it does not know). */
  async #sendJoin(): Promise<JoinGroupResponse | null> {
    const { groupId, topics, sessionTimeoutMs, rebalanceTimeoutMs } = this.#options
    const metadata = withVersion(
      encodeToBuffer(consumerProtocolSubscription, SUBSCRIPTION_VERSION, { topics }),
    )
    const body = {
      groupId,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      memberId: this.#memberId,
      protocolType: PROTOCOL_TYPE,
      protocols: [{ name: PROTOCOL, metadata }],
    }
    const answer = await this.#cluster.atCoordinator(groupId, (node) =>
      this.#cluster.request(node, joinGroup, body, { timeoutMs: rebalanceTimeoutMs + 5_000 }),
    )
    if (answer.errorCode === errorCode.MEMBER_ID_REQUIRED) {
      this.#memberId = answer.memberId
      return null
    }
    if (answer.errorCode === errorCode.UNKNOWN_MEMBER_ID) {
      this.#memberId = ''
      return null
    }
    if (answer.errorCode !== 0) {
      this.#cluster.forgetCoordinator(groupId)
      throw answeredError(answer.errorCode, `group ${groupId}`)
    }
    this.#memberId = answer.memberId
    this.#generationId = answer.generationId
    return answer
  }

  async #sync(joined: JoinGroupResponse): Promise<AssignedPartition[] | null> {
    const { groupId } = this.#options
    const assignments = joined.leader === joined.memberId ? await this.#assignments(joined) : []
    const body = {
      groupId,
      generationId: joined.generationId,
      memberId: joined.memberId,
      protocolType: PROTOCOL_TYPE,
      protocolName: joined.protocolName,
      assignments,
    }
    return this.#cluster.atCoordinator(groupId, async (node) => {
      const answer = await this.#cluster.request(node, syncGroup, body)
      return this.#goesOn(answer.errorCode) ? shareOf(answer.assignment) : null
    })
  }

  /** As the leader: divides the partitions of all topics that members want. */
  async #assignments(joined: JoinGroupResponse): Promise<{ memberId: string; assignment: Buffer }[]> {
    const members = joined.members.map(({ memberId, metadata }) => {
      const version = metadata.length >= 2 ? metadata.readInt16BE(0) : 0
      const decoded = compile(consumerProtocolSubscription, Math.min(version, 3)).decode(metadata, 2)
      return { memberId, topics: decoded.ok ? decoded.value.topics : [] }
    })
    const counts = new Map<string, number>()
    for (const topic of new Set(members.flatMap((member) => member.topics))) {
      counts.set(topic, (await this.#cluster.topic(topic)).partitions.length)
    }
    return [...assignRanges(members, counts)].map(([memberId, share]) => {
      const assignedPartitions = [...share].map(([topic, partitions]) => ({ topic, partitions }))
      const bytes = encodeToBuffer(consumerProtocolAssignment, SUBSCRIPTION_VERSION, { assignedPartitions })
      return { memberId, assignment: withVersion(bytes) }
    })
  }
}

/** An empty assignment is a legal one: there are more members than partitions. */
function shareOf(assignment: Buffer): AssignedPartition[] {
  if (assignment.length < 2) return []
  const decoded = compile(consumerProtocolAssignment, Math.min(assignment.readInt16BE(0), 3)).decode(
    assignment,
    2,
  )
  if (!decoded.ok)
    throw new ClientError('BAD_ANSWER', `the assignment cannot be read: ${decoded.error.message}`, false)
  return decoded.value.assignedPartitions.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  )
}
