/**
 * The content of one file of the memory disk: what readers see now, and what a power cut would leave.
 *
 * Unsynced writes stand in a journal. A crash keeps a prefix of it, tears the last write, or loses single
 * writes behind a hole, as the caller's dice say. After a failed sync the journal is forgotten without being
 * kept: the kernel has marked those pages clean (trap 7).
 */

interface WriteStep {
  readonly kind: 'write'
  readonly position: number
  readonly bytes: Buffer
}

interface TruncateStep {
  readonly kind: 'truncate'
  readonly sizeBytes: number
}

type Step = WriteStep | TruncateStep

class GrowingBytes {
  bytes: Buffer = Buffer.alloc(0)
  sizeBytes = 0

  #reserve(sizeBytes: number): void {
    if (sizeBytes <= this.bytes.length) return
    const larger = Buffer.alloc(Math.max(sizeBytes, this.bytes.length * 2, 256))
    this.bytes.copy(larger, 0, 0, this.sizeBytes)
    this.bytes = larger
  }

  write(source: Buffer, position: number): void {
    this.#reserve(position + source.length)
    if (position > this.sizeBytes) this.bytes.fill(0, this.sizeBytes, position)
    source.copy(this.bytes, position)
    this.sizeBytes = Math.max(this.sizeBytes, position + source.length)
  }

  truncate(sizeBytes: number): void {
    this.#reserve(sizeBytes)
    if (sizeBytes > this.sizeBytes) this.bytes.fill(0, this.sizeBytes, sizeBytes)
    this.sizeBytes = sizeBytes
  }

  apply(step: Step): void {
    if (step.kind === 'write') this.write(step.bytes, step.position)
    else this.truncate(step.sizeBytes)
  }
}

/** A whole number in `[0, limit)`. */
export type Dice = (limit: number) => number

export class MemoryFile {
  readonly #now = new GrowingBytes()
  #durable = new GrowingBytes()
  #journal: Step[] = []
  /** Steps that have left the journal, so that a sync can name the point it covers. */
  #settled = 0
  readonly #tracksDurability: boolean

  constructor(tracksDurability: boolean) {
    this.#tracksDurability = tracksDurability
  }

  get sizeBytes(): number {
    return this.#now.sizeBytes
  }

  read(target: Buffer, targetStart: number, length: number, position: number): number {
    const end = Math.min(position + length, this.#now.sizeBytes)
    if (end <= position) return 0
    return this.#now.bytes.copy(target, targetStart, position, end)
  }

  write(source: Buffer, position: number): void {
    this.#now.write(source, position)
    if (this.#tracksDurability) {
      this.#journal.push({ kind: 'write', position, bytes: Buffer.from(source) })
    }
  }

  truncate(sizeBytes: number): void {
    this.#now.truncate(sizeBytes)
    if (this.#tracksDurability) this.#journal.push({ kind: 'truncate', sizeBytes })
  }

  /** The point that a sync which starts now will cover. */
  syncTarget(): number {
    return this.#settled + this.#journal.length
  }

  /** Makes everything up to the point `target` durable. */
  sync(target: number): void {
    const covered = this.#journal.splice(0, Math.max(0, target - this.#settled))
    this.#settled += covered.length
    for (const step of covered) this.#durable.apply(step)
  }

  /** A failed sync: the pages count as clean, so no later sync will ever write them. */
  forgetUnsynced(): void {
    this.#settled += this.#journal.length
    this.#journal = []
  }

  /** Turns one bit, behind everybody's back: now and on the disk. */
  flipBit(position: number, bit: number): void {
    for (const content of [this.#now, this.#durable]) {
      if (position < content.sizeBytes) {
        content.bytes[position] = (content.bytes[position] ?? 0) ^ (1 << bit)
      }
    }
  }

  /** The power fails: what comes back is the durable content and some of the unsynced steps. */
  crash(dice: Dice): void {
    const left = this.#journal
    this.forgetUnsynced()
    const manner = left.length === 0 ? 0 : dice(4)
    const kept = manner === 0 ? 0 : dice(left.length + 1)
    for (let i = 0; i < kept; i++) {
      const step = left[i]
      if (step !== undefined) this.#keep(step, manner === 3 && dice(4) === 0)
    }
    const torn = manner === 2 ? left[kept] : undefined
    if (torn?.kind === 'write') {
      const bytes = torn.bytes.subarray(0, dice(torn.bytes.length + 1))
      this.#durable.write(bytes, torn.position)
    }
    this.#now.truncate(0)
    this.#now.write(this.#durable.bytes.subarray(0, this.#durable.sizeBytes), 0)
  }

  /** A lost write whose file size survived leaves zeros. */
  #keep(step: Step, losesBytes: boolean): void {
    if (step.kind === 'write' && losesBytes) {
      const end = step.position + step.bytes.length
      if (end > this.#durable.sizeBytes) this.#durable.truncate(end)
    } else this.#durable.apply(step)
  }
}
