/**
 * A coordinator's host for stories: a virtual clock, a log of encoded records, replies held until their records are
 * committed, and a restart that keeps nothing but the log.
 */
import { applyDecision, applyRecord } from '../../../src/coordination/groups/apply.ts'
import { decide } from '../../../src/coordination/groups/decide.ts'
import type {
  GroupCommand,
  GroupEvent,
  GroupReply,
  GroupsConfig,
  GroupsContext,
  GroupsDecision,
} from '../../../src/coordination/groups/decision.ts'
import { parkedTokens, timersAfterLoad } from '../../../src/coordination/groups/loaded.ts'
import { storedValueVersion } from '../../../src/coordination/groups/record.ts'
import { emptyGroups, type GroupsState } from '../../../src/coordination/groups/state.ts'
import { decodeGroupRecord, encodeGroupRecord } from '../../../src/protocol/stored/groups.ts'

interface Armed {
  readonly dueMs: number
  readonly order: number
  readonly command: GroupEvent
}

/** Topics of every story, with their partitions. */
export const storyTopics: ReadonlyMap<string, number> = new Map([
  ['orders', 4],
  ['payments', 2],
])

function topicId(topic: string): string {
  return Buffer.from(topic.padEnd(16, '.')).toString('base64url')
}

/** What happens, for the transcript. */
export interface Witness {
  decided(decision: GroupsDecision): void
  replied(reply: GroupReply): void
  rang(command: GroupEvent): void
  lost(token: number): void
}

export class StoryHost {
  config: GroupsConfig = {
    sessionTimeoutMsMin: 6_000,
    sessionTimeoutMsMax: 1_800_000,
    groupSizeMax: 2_147_483_647,
    initialRebalanceDelayMs: 3_000,
    offsetMetadataBytesMax: 4_096,
    offsetsRetentionMs: 604_800_000,
  }
  /** Whether records are committed as soon as they are appended. */
  commitsAtOnce = true
  nowMs = 0
  state: GroupsState = emptyGroups
  readonly #witness: Witness
  readonly #log: { readonly key: Buffer; readonly value: Buffer | null }[] = []
  readonly #timers = new Map<string, Armed>()
  #armed = 0
  #held: GroupReply[] = []

  constructor(witness: Witness) {
    this.#witness = witness
  }

  get context(): GroupsContext {
    return {
      nowMs: this.nowMs,
      config: this.config,
      topics: {
        idOf: (topic) => (storyTopics.has(topic) ? topicId(topic) : undefined),
        nameOf: (id) => [...storyTopics.keys()].find((topic) => topicId(topic) === id),
        hasPartition: (topic, partition) => partition >= 0 && partition < (storyTopics.get(topic) ?? 0),
      },
    }
  }

  execute(command: GroupCommand): void {
    const decision = decide(this.state, command, this.context)
    this.#witness.decided(decision)
    const baseOffset = BigInt(this.#log.length)
    for (const record of decision.records) {
      this.#log.push(encodeGroupRecord(record, storedValueVersion(record)))
    }
    this.state = applyDecision(this.state, decision, baseOffset)
    this.#changeTimers(decision.timers)
    this.#held.push(...decision.replies)
    if (this.commitsAtOnce) this.commit()
  }

  /** Everything appended is committed now. */
  commit(): void {
    const replies = this.#held
    this.#held = []
    for (const reply of replies) this.#witness.replied(reply)
  }

  /** Lets time pass, ringing timers in their order. */
  advance(byMs: number): void {
    const endMs = this.nowMs + byMs
    for (let next = this.#nextTimer(endMs); next !== undefined; next = this.#nextTimer(endMs)) {
      const [key, armed] = next
      this.#timers.delete(key)
      this.nowMs = armed.dueMs
      this.#witness.rang(armed.command)
      this.execute(armed.command)
    }
    this.nowMs = endMs
  }

  /** The process dies: what waits is lost, and the log is read again. */
  restart(): void {
    for (const token of parkedTokens(this.state)) this.#witness.lost(token)
    for (const reply of this.#held) this.#witness.lost(reply.token)
    this.#held = []
    this.#timers.clear()
    this.state = this.replayed()
    this.#changeTimers(timersAfterLoad(this.state))
  }

  /** The state that the log alone gives. */
  replayed(): GroupsState {
    let state = emptyGroups
    for (const [offset, { key, value }] of this.#log.entries()) {
      const decoded = decodeGroupRecord(key, value)
      if (!decoded.ok) throw new Error(JSON.stringify(decoded.error))
      state = applyRecord(state, decoded.value, { offset: BigInt(offset), producerId: -1n }).state
    }
    return state
  }

  #changeTimers(changes: GroupsDecision['timers']): void {
    for (const change of changes) {
      if (change.type === 'cancel') this.#timers.delete(change.key)
      else {
        const dueMs = this.nowMs + change.delayMs
        this.#timers.set(change.key, { dueMs, order: this.#armed++, command: change.command })
      }
    }
  }

  #nextTimer(endMs: number): [string, Armed] | undefined {
    return [...this.#timers]
      .filter(([, { dueMs }]) => dueMs <= endMs)
      .sort(([, a], [, b]) => a.dueMs - b.dueMs || a.order - b.order)[0]
  }
}
