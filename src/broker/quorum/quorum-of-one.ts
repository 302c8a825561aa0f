/**
 * A metadata quorum with a single voter: this node.
 *
 * Commands that arrive while the log is being synced are decided one after the other against the image that
 * the ones before them will make, appended together, and share one sync. Nothing is applied before it is
 * durable, and no reply is given before this node serves the new state.
 */
import { apply } from '../../coordination/metadata/apply.ts'
import type { MetadataDelta } from '../../coordination/metadata/delta.ts'
import type { MetadataImage } from '../../coordination/metadata/image.ts'
import type { Log } from '../../runtime/log.ts'
import type { MetadataLog } from './metadata-log.ts'
import type { MetadataCommand, MetadataListener, MetadataQuorum, QuorumStatus } from './metadata-quorum.ts'
import { MetadataUnavailable } from './metadata-unavailable.ts'

interface Waiting {
  readonly command: MetadataCommand<unknown>
  readonly resolve: (reply: unknown) => void
  readonly reject: (error: Error) => void
}

/** A decided command, and where the log ends with its records. */
interface Decided {
  readonly waiting: Waiting
  readonly reply: unknown
  readonly change: { readonly image: MetadataImage; readonly delta: MetadataDelta } | null
  readonly endOffset: number
}

/** Commands decided together at most; more wait for the next round. */
const COMMANDS_PER_ROUND = 1_000

export class QuorumOfOne implements MetadataQuorum {
  readonly clusterId: string
  readonly #log: MetadataLog
  readonly #events: Log
  readonly #nodeId: number
  #image: MetadataImage
  #waiting: Waiting[] = []
  #working = false
  #failure: Error | null = null
  readonly #listeners: MetadataListener[] = []

  constructor(clusterId: string, nodeId: number, log: MetadataLog, image: MetadataImage, events: Log) {
    this.clusterId = clusterId
    this.#nodeId = nodeId
    this.#log = log
    this.#image = image
    this.#events = events
  }

  get image(): MetadataImage {
    return this.#image
  }

  get status(): QuorumStatus {
    return {
      leaderId: this.#nodeId,
      leaderEpoch: this.#log.leaderEpoch,
      highWatermark: this.#log.endOffset,
      logEndOffset: this.#log.endOffset,
    }
  }

  listen(listener: MetadataListener): void {
    this.#listeners.push(listener)
  }

  submit<Reply>(command: MetadataCommand<Reply>): Promise<Reply> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    return new Promise<Reply>((resolve, reject) => {
      // The reply comes from this very command, so it has the command's type.
      this.#waiting.push({ command, resolve: resolve as (reply: unknown) => void, reject })
      if (!this.#working) void this.#work()
    })
  }

  async #work(): Promise<void> {
    this.#working = true
    while (this.#waiting.length > 0) {
      const round = this.#waiting.splice(0, COMMANDS_PER_ROUND)
      try {
        await this.#round(round)
      } catch (error) {
        this.#fail(error instanceof Error ? error : new Error(String(error)), round)
        break
      }
    }
    this.#working = false
  }

  async #round(round: readonly Waiting[]): Promise<void> {
    const decided = this.#decide(round)
    const changes = decided.flatMap(({ change }) => change ?? [])
    if (changes.length > 0) await this.#persist()
    for (const { waiting, change, endOffset } of decided) {
      // What was decided after a change that is not in the log was decided on what never happened.
      if (endOffset > this.#log.endOffset) {
        waiting.reject(new MetadataUnavailable())
        continue
      }
      if (change === null) continue
      this.#image = change.image
      for (const listener of this.#listeners) await listener(change.image, change.delta)
    }
    const endOffset = this.#log.endOffset
    for (const one of decided) if (one.endOffset <= endOffset) one.waiting.resolve(one.reply)
    if (changes.length > 0) await this.#snapshotIfDue()
  }

  /** Decides each command against what the ones before it will make, and queues the records. */
  #decide(round: readonly Waiting[]): Decided[] {
    const decided: Decided[] = []
    let image = this.#image
    for (const waiting of round) {
      const { records, reply } = waiting.command(image, this.#log.endOffset)
      let change: Decided['change'] = null
      if (records.length > 0) {
        const applied = apply(image, records)
        if (!applied.ok)
          throw new Error(`a decided record cannot be applied: ${JSON.stringify(applied.problem)}`)
        this.#log.append(records)
        image = applied.image
        change = applied
      }
      decided.push({ waiting, reply, change, endOffset: this.#log.endOffset })
    }
    return decided
  }

  /** After it, everything that the log holds is durable; for want of room that may be less than was queued. */
  async #persist(): Promise<void> {
    try {
      await this.#log.commit()
    } catch (error) {
      if (!(error instanceof MetadataUnavailable)) throw error
      await this.#log.commit()
    }
  }

  async #snapshotIfDue(): Promise<void> {
    try {
      await this.#log.snapshotIfDue(this.#image)
    } catch (error) {
      // The log still holds everything; the next snapshot is due when it has grown again.
      this.#events.warn('no metadata snapshot was written', {
        reason: error instanceof Error ? error.message : String(error),
      })
    }
  }

  /** What is on the disk is not known any more: nothing may be decided until the log was read again. */
  #fail(error: Error, round: readonly Waiting[]): void {
    this.#failure = error
    this.#events.error('the metadata log has failed', { error: error.stack ?? error.message })
    for (const waiting of [...round, ...this.#waiting]) waiting.reject(error)
    this.#waiting = []
  }
}
