/**
 * Members of one group that share a topic: they join, commit as they go, dawdle until they are thrown out, leave, and
 * crash without a word, and note every share and every commit.
 *
 * Whoever has dawdled commits once more before it joins again: if it is no member any more, that must be refused. So must
 * what comes of an earlier generation when the member is in another one already, as of a commit that was long under way.
 */
import { ClientError } from '../../client/client-error.ts'
import type { Cluster } from '../../client/cluster.ts'
import { committedOffsets } from '../../client/consumer.ts'
import { type AssignedPartition, GroupMember } from '../../client/group-member.ts'
import { offsetCommit } from '../../protocol/messages/offset-commit.ts'
import type { History } from '../history.ts'
import type { SeededRandom } from '../seeded-random.ts'

const SESSION_MS = 1_500
const REBALANCE_MS = 3_000
const STEP_MS_MAX = 200
const DAWDLE_MS_MAX = 4_000
const LATE_SHARE = 0.3
/** The last version whose topics go by name. */
const COMMIT_VERSION_BY_NAME = 9
const MANNERS = ['steps', 'steps', 'steps', 'steps', 'steps', 'dawdles', 'leaves', 'crashes'] as const

/** Offsets of a member's share, by partition. */
type Positions = Map<string, AssignedPartition & { offset: number }>

/** What a member had in one generation. */
interface Share {
  readonly memberId: string
  readonly generationId: number
  readonly positions: Positions
}

export class TeamMember {
  readonly #cluster: Cluster
  readonly #history: History
  readonly #random: SeededRandom
  readonly #group: string
  readonly #topic: string

  constructor(cluster: Cluster, history: History, random: SeededRandom, group: string, topic: string) {
    this.#cluster = cluster
    this.#history = history
    this.#random = random
    this.#group = group
    this.#topic = topic
  }

  /** One life after the other until that is over. */
  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const member = new GroupMember(this.#cluster, {
        groupId: this.#group,
        topics: [this.#topic],
        sessionTimeoutMs: SESSION_MS,
        rebalanceTimeoutMs: REBALANCE_MS,
      })
      try {
        await this.#live(member, isOver)
      } catch (error) {
        if (!(error instanceof ClientError)) throw error
      }
      await this.#pause(STEP_MS_MAX)
    }
  }

  /** Until it leaves, or crashes: then nobody says good-bye. */
  async #live(member: GroupMember, isOver: () => boolean): Promise<void> {
    let earlier: Share | null = null
    while (!isOver()) {
      const positions = await this.#join(member)
      const share = { memberId: member.memberId, generationId: member.generationId, positions }
      if (earlier !== null && this.#random.chance(LATE_SHARE)) await this.#commitLate(earlier, share)
      earlier = share
      const manner = await this.#steps(member, positions, isOver)
      if (manner === 'crashes') return
      if (manner === 'leaves') break
    }
    await member.leave()
  }

  async #join(member: GroupMember): Promise<Positions> {
    const invokedMs = this.#nowMs()
    const share = await member.join()
    const { memberId, generationId } = member
    const shared = share.map(({ topic, partition }) => `${topic}-${partition}`)
    this.#history.joins.push({
      group: this.#group,
      member: memberId,
      generation: generationId,
      share: shared,
      invokedMs,
      endedMs: this.#nowMs(),
    })
    const askedMs = this.#nowMs()
    const committed = share.length === 0 ? [] : await committedOffsets(this.#cluster, this.#group, share)
    return new Map(
      committed.map(({ topic, partition, offset }) => {
        const key = `${this.#group} ${topic}-${partition}`
        this.#history.offsetReads.push({ group: key, offset, invokedMs: askedMs })
        return [key, { topic, partition, offset }]
      }),
    )
  }

  /** Goes on as long as the share is its own; how it ends. */
  async #steps(
    member: GroupMember,
    positions: Positions,
    isOver: () => boolean,
  ): Promise<'joins again' | 'leaves' | 'crashes'> {
    while (!isOver()) {
      const manner = this.#random.pick(MANNERS)
      if (manner === 'leaves' || manner === 'crashes') return manner
      await this.#pause(manner === 'dawdles' ? DAWDLE_MS_MAX : STEP_MS_MAX)
      if (!(await this.#commit(member, positions))) return 'joins again'
      if (!(await member.heartbeat())) return 'joins again'
    }
    return 'leaves'
  }

  async #commit(member: GroupMember, positions: Positions): Promise<boolean> {
    const invokedMs = this.#nowMs()
    const commits = [...positions].map(([group, position]) => {
      position.offset = Math.max(0, position.offset + 1)
      const commit = {
        group,
        offset: position.offset,
        invokedMs,
        acknowledgedMs: Number.POSITIVE_INFINITY,
        generation: member.generationId,
      }
      this.#history.commits.push(commit)
      return commit
    })
    const isKept = await member.commit([...positions.values()])
    if (isKept) for (const commit of commits) commit.acknowledgedMs = this.#nowMs()
    return isKept
  }

  /** A commit of an earlier share arrives when the member has another one. */
  async #commitLate(earlier: Share, { memberId, generationId }: Share): Promise<void> {
    const generation = earlier.generationId
    if (earlier.memberId !== memberId || generation >= generationId || earlier.positions.size === 0) return
    const invokedMs = this.#nowMs()
    const commits = [...earlier.positions].map(([group, { offset }]) => {
      const acknowledgedMs = Number.POSITIVE_INFINITY
      const commit = { group, offset: offset + 1, invokedMs, acknowledgedMs, generation }
      this.#history.commits.push(commit)
      return commit
    })
    const topics = [...earlier.positions.values()].map(({ topic, partition, offset }) => ({
      name: topic,
      partitions: [{ partitionIndex: partition, committedOffset: BigInt(offset + 1), committedMetadata: '' }],
    }))
    const body = { groupId: this.#group, generationIdOrMemberEpoch: generation, memberId, topics }
    const answer = await this.#cluster.atCoordinator(this.#group, (node) =>
      this.#cluster.request(node, offsetCommit, body, { versionMax: COMMIT_VERSION_BY_NAME }),
    )
    const isRefused = answer.topics.some(({ partitions }) =>
      partitions.some(({ errorCode }) => errorCode !== 0),
    )
    if (!isRefused) for (const commit of commits) commit.acknowledgedMs = this.#nowMs()
  }

  #pause(limitMs: number): Promise<void> {
    return this.#cluster.pause(this.#random.between(0, limitMs))
  }

  #nowMs(): number {
    return this.#cluster.world.clock.monotonicMs()
  }
}
