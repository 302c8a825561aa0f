/**
 * What happened to a test cluster, in words and in order, each with the cluster's own time.
 *
 * It hears of elections from every node, and tells each once. Only the newest lines are kept.
 */
import type { BrokerOptions } from '../broker/broker.ts'
import type { MetadataDelta } from '../coordination/metadata/delta.ts'
import { limits } from '../runtime/limits.ts'

interface Entry {
  readonly atMs: number
  /** Some things are not over when they are noted. */
  readonly words: () => string
}

const DAY_MS = 86_400_000
const NOBODY = -1
/** Of the metadata quorum, among the partitions. */
const QUORUM = 'quorum'

export class Chronicle {
  readonly #nowMs: () => number
  readonly #entries: Entry[] = []
  /** The newest leader epoch that was told, by partition. */
  readonly #epochs = new Map<string, number>()

  /** `nowMs` counts from the start of the cluster. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  note(words: string | (() => string)): void {
    if (this.#entries.length >= limits.historyLinesMax) this.#entries.shift()
    this.#entries.push({ atMs: this.#nowMs(), words: typeof words === 'string' ? () => words : words })
  }

  /** A node follows a change of the metadata. */
  followed({ partitionsChanged }: MetadataDelta): void {
    for (const { topicName, topicId, partition, before, after } of partitionsChanged) {
      if (before === undefined || after === undefined || before.leader === after.leader) continue
      const key = `${topicId} ${partition}`
      if (after.leaderEpoch <= (this.#epochs.get(key) ?? -1)) continue
      this.#epochs.set(key, after.leaderEpoch)
      const now = after.leader === NOBODY ? 'nobody leads' : `node ${after.leader} leads`
      const once = before.leader === NOBODY ? 'nobody' : `node ${before.leader}`
      this.note(`${topicName}-${partition}: ${now}, after ${once} (epoch ${after.leaderEpoch})`)
    }
  }

  /** A node knows who controls the cluster. */
  leaderKnown(leaderId: number, leaderEpoch: number): void {
    if (leaderId === NOBODY || leaderEpoch <= (this.#epochs.get(QUORUM) ?? -1)) return
    this.#epochs.set(QUORUM, leaderEpoch)
    this.note(`node ${leaderId} controls the cluster (epoch ${leaderEpoch})`)
  }

  /** What a broker tells of itself goes here. */
  get around(): Pick<BrokerOptions, 'followed' | 'leaderKnown'> {
    return {
      followed: (_image, delta) => this.followed(delta),
      leaderKnown: (leaderId, leaderEpoch) => this.leaderKnown(leaderId, leaderEpoch),
    }
  }

  lines(): string[] {
    return this.#entries.map(({ atMs, words }) => `${clockTime(atMs)} ${words()}`)
  }
}

/** `     1.250 s`, and from a day on `7 d 00:00:01.250`. */
function clockTime(ms: number): string {
  if (ms < DAY_MS) return `${(ms / 1_000).toFixed(3).padStart(10)} s`
  const time = new Date(ms % DAY_MS).toISOString().slice(11, 23)
  return `${Math.floor(ms / DAY_MS)} d ${time}`
}
