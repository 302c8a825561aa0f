/**
 * Makes committed entries the truth of this node: applies them to the image, tells the listeners, gives the replies.
 *
 * One thing at a time, in the order of the log. While this node leads, the changes are those that were decided here;
 * otherwise they are read from the log. A snapshot from the leader replaces the image, and listeners are told of all
 * that differs. It never applies what is not committed.
 */
import { apply } from '../../coordination/metadata/apply.ts'
import type { MetadataDelta } from '../../coordination/metadata/delta.ts'
import { emptyImage, type MetadataImage } from '../../coordination/metadata/image.ts'
import { deltaBetween } from '../../coordination/metadata/image-delta.ts'
import { limits } from '../../runtime/limits.ts'
import { metadataRecordsOf } from './metadata-batches.ts'
import type { MetadataListener } from './metadata-quorum.ts'
import type { Proposals } from './proposals.ts'
import type { RaftLog } from './raft-log.ts'

export interface ApplierOwner {
  /** Everything below is served; `sizeBytes` of the log were applied since the last call. */
  applied(offset: number, sizeBytes: number): void
  /** The log holds what cannot be read or applied: nothing may go on. */
  failed(error: Error): void
}

interface Replacement {
  readonly image: MetadataImage
  readonly offset: number
}

export class ImageApplier {
  readonly #log: RaftLog
  readonly #proposals: Proposals
  readonly #owner: ApplierOwner
  #image: MetadataImage
  #appliedOffset: number
  #highWatermark: number
  #replacement: Replacement | null = null
  /** Own decisions are all that follows from here on, apart from control batches; null while others lead. */
  #decidesFrom: number | null = null
  readonly #listeners: MetadataListener[] = []
  #newcomers: Array<{ readonly listener: MetadataListener; readonly told: () => void }> = []
  #isRunning = false
  /** Something came while it was running: it looks again before it rests. */
  #isWoken = false
  /** A snapshot is being made the beginning of the log. */
  #isHeld = false
  #isStopped = false

  constructor(log: RaftLog, proposals: Proposals, image: MetadataImage, offset: number, owner: ApplierOwner) {
    this.#log = log
    this.#proposals = proposals
    this.#image = image
    this.#appliedOffset = offset
    this.#highWatermark = offset
    this.#owner = owner
  }

  get image(): MetadataImage {
    return this.#image
  }

  get appliedOffset(): number {
    return this.#appliedOffset
  }

  get highWatermark(): number {
    return this.#highWatermark
  }

  listen(listener: MetadataListener): void {
    this.#listeners.push(listener)
  }

  /** The listener hears of the whole image first. */
  follow(listener: MetadataListener): Promise<void> {
    return new Promise((told) => {
      this.#newcomers.push({ listener, told })
      this.#run()
    })
  }

  /** Entries below `highWatermark` are committed. */
  commit(highWatermark: number): void {
    this.#highWatermark = Math.max(this.#highWatermark, highWatermark)
    this.#run()
  }

  /** More of the log can be read. */
  written(): void {
    this.#run()
  }

  /** From `offset` on, what is committed was decided here. */
  decidesFrom(offset: number | null): void {
    this.#decidesFrom = offset
  }

  /** Reads nothing until `replace` or `release`. */
  hold(): void {
    this.#isHeld = true
  }

  release(): void {
    this.#isHeld = false
    this.#run()
  }

  /** The image is `image` now, made of everything below `offset`. */
  replace(image: MetadataImage, offset: number): void {
    this.#isHeld = false
    this.#replacement = { image, offset }
    this.#highWatermark = Math.max(this.#highWatermark, offset)
    this.#run()
  }

  stop(): void {
    this.#isStopped = true
  }

  #run(): void {
    this.#isWoken = true
    if (this.#isRunning || this.#isStopped) return
    this.#isRunning = true
    this.#work().catch((error: unknown) => {
      this.#isStopped = true
      this.#owner.failed(error instanceof Error ? error : new Error(String(error)))
    })
  }

  async #work(): Promise<void> {
    while (this.#isWoken && !this.#isStopped) {
      const newcomer = this.#newcomers.shift()
      if (newcomer !== undefined) {
        await newcomer.listener(this.#image, deltaBetween(emptyImage, this.#image))
        this.#listeners.push(newcomer.listener)
        newcomer.told()
      } else if (this.#replacement !== null) await this.#replaced(this.#replacement)
      else await this.#steps()
    }
    this.#isRunning = false
  }

  async #steps(): Promise<void> {
    this.#isWoken = false
    if (await this.#step()) this.#isWoken = true
  }

  async #replaced({ image, offset }: Replacement): Promise<void> {
    this.#replacement = null
    const delta = deltaBetween(this.#image, image)
    this.#image = image
    await this.#tell(image, delta)
    this.#moved(offset, 0)
  }

  /** One decision, or one piece of the log; false when there is nothing to do. */
  async #step(): Promise<boolean> {
    const highWatermark = Math.min(this.#highWatermark, this.#log.writtenOffset)
    const decided = this.#proposals.takeCommitted(highWatermark)
    if (decided !== null) {
      const { change, endOffset, settle } = decided
      if (change !== null) {
        this.#image = change.image
        await this.#tell(change.image, change.delta)
      }
      this.#moved(endOffset, change?.sizeBytes ?? 0)
      settle()
      this.#proposals.decideMore()
      return true
    }
    if (this.#isHeld || this.#appliedOffset >= highWatermark) return false
    if (this.#decidesFrom !== null && this.#appliedOffset >= this.#decidesFrom) {
      this.#moved(highWatermark, 0)
      return true
    }
    return this.#readOn(highWatermark)
  }

  async #readOn(highWatermark: number): Promise<boolean> {
    const from = this.#appliedOffset
    const slice = await this.#log.read(from, highWatermark, limits.readChunkBytes)
    if (slice === null || slice.sizeBytes === 0) {
      slice?.release()
      // A snapshot has taken the place of what was to be read, or the disk is gone: then others say so.
      if (this.#replacement !== null) return true
      if (this.#isHeld || this.#log.isBroken || this.#isStopped) return false
      throw new Error(`the metadata log cannot be read at offset ${from}`)
    }
    const { nextOffset, sizeBytes } = slice
    const bytes = Buffer.concat(slice.buffers)
    slice.release()
    if (this.#isHeld || this.#replacement !== null) return true
    const result = apply(this.#image, metadataRecordsOf(bytes, from))
    if (!result.ok)
      throw new Error(
        `the metadata log holds a record that cannot be applied: ${JSON.stringify(result.problem)}`,
      )
    this.#image = result.image
    await this.#tell(result.image, result.delta)
    this.#moved(nextOffset, sizeBytes)
    return true
  }

  async #tell(image: MetadataImage, delta: MetadataDelta): Promise<void> {
    for (const listener of this.#listeners) await listener(image, delta)
  }

  #moved(offset: number, sizeBytes: number): void {
    this.#appliedOffset = Math.max(this.#appliedOffset, offset)
    this.#owner.applied(this.#appliedOffset, sizeBytes)
  }
}
