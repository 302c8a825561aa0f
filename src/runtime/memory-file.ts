/**
 * The content of one file of the memory disk: what readers see now, and what a power cut would leave.
 *
 * Unsynced changes stand in a journal; which of them a crash keeps is not decided here. After a failed sync the journal
 * is forgotten without being kept: the kernel has marked those pages clean (trap 7).
 */
import { type ContentStep, SECTOR_BYTES, type Survival } from './crash-survival.ts'

const NO_BYTES = Buffer.alloc(0)

/** Bytes that grow; a copy shares them until one of the two is changed. */
class GrowingBytes {
  #bytes = NO_BYTES
  #isShared = true
  sizeBytes = 0

  copy(): GrowingBytes {
    const copied = new GrowingBytes()
    copied.#bytes = this.#bytes
    copied.sizeBytes = this.sizeBytes
    this.#isShared = true
    return copied
  }

  /** Makes the bytes its own, and room for so many. */
  #reserve(sizeBytes: number): void {
    const room = this.#bytes.length
    if (sizeBytes <= room && !this.#isShared) return
    const own = Buffer.alloc(sizeBytes <= room ? room : Math.max(sizeBytes, room * 2, 256))
    this.#bytes.copy(own, 0, 0, this.sizeBytes)
    this.#bytes = own
    this.#isShared = false
  }

  write(source: Buffer, position: number): void {
    this.#reserve(position + source.length)
    if (position > this.sizeBytes) this.#bytes.fill(0, this.sizeBytes, position)
    source.copy(this.#bytes, position)
    this.sizeBytes = Math.max(this.sizeBytes, position + source.length)
  }

  truncate(sizeBytes: number): void {
    if (sizeBytes > this.sizeBytes) {
      this.#reserve(sizeBytes)
      this.#bytes.fill(0, this.sizeBytes, sizeBytes)
    }
    this.sizeBytes = sizeBytes
  }

  /** As they stand now; for reading, and until the next change. */
  slice(start: number, end: number): Buffer {
    return this.#bytes.subarray(start, end)
  }

  apply(step: ContentStep): void {
    if (step.kind === 'write') this.write(step.bytes, step.position)
    else this.truncate(step.sizeBytes)
  }

  read(target: Buffer, targetStart: number, length: number, position: number): number {
    const end = Math.min(position + length, this.sizeBytes)
    if (end <= position) return 0
    return this.#bytes.copy(target, targetStart, position, end)
  }
}

export class MemoryFile {
  /** By which a survival knows it, in copies of the disk too. */
  readonly id: number
  #now = new GrowingBytes()
  #durable = new GrowingBytes()
  #journal: ContentStep[] = []
  /** Steps that have left the journal, so that a sync can name the point it covers. */
  #settled = 0
  readonly #tracksDurability: boolean

  constructor(id: number, tracksDurability: boolean) {
    this.id = id
    this.#tracksDurability = tracksDurability
  }

  copy(): MemoryFile {
    const copied = new MemoryFile(this.id, this.#tracksDurability)
    copied.#now = this.#now.copy()
    copied.#durable = this.#durable.copy()
    copied.#journal = [...this.#journal]
    copied.#settled = this.#settled
    return copied
  }

  get sizeBytes(): number {
    return this.#now.sizeBytes
  }

  /** What no sync covered, oldest first. */
  get unsynced(): readonly ContentStep[] {
    return this.#journal
  }

  read(target: Buffer, targetStart: number, length: number, position: number): number {
    return this.#now.read(target, targetStart, length, position)
  }

  /** As `read`, of what is on the disk, though newer bytes may stand in the cache. */
  readStale(target: Buffer, targetStart: number, length: number, position: number): number {
    return this.#durable.read(target, targetStart, length, position)
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

  /** Puts other bytes there behind everybody's back: now and on the disk, no further than the file goes. */
  corrupt(position: number, bytes: Buffer): void {
    for (const content of [this.#now, this.#durable]) {
      const length = Math.min(bytes.length, content.sizeBytes - position)
      if (length > 0) content.write(bytes.subarray(0, length), position)
    }
  }

  /** The power fails: what comes back is the durable content and what survives of the unsynced steps. */
  crash(survival: Survival): void {
    const steps = this.#journal
    this.forgetUnsynced()
    if (steps.length > 0) this.#keep(steps, survival)
    this.#now = this.#durable.copy()
  }

  #keep(steps: readonly ContentStep[], survival: Survival): void {
    const { keptSteps, tornBytes, losesSector } = survival.content(this.id, steps)
    // A sector comes to the disk as it stood in the cache, with what earlier steps had put there.
    const cache = this.#durable.copy()
    for (let index = 0; index < keptSteps; index++) {
      const step = steps[index]
      if (step === undefined) return
      cache.apply(step)
      if (step.kind === 'truncate') this.#durable.truncate(step.sizeBytes)
      else this.#keepSectors(cache, step.position, step.bytes.length, (sector) => losesSector(index, sector))
    }
    const torn = steps[keptSteps]
    if (torn?.kind === 'write' && tornBytes > 0)
      this.#durable.write(torn.bytes.subarray(0, tornBytes), torn.position)
  }

  #keepSectors(
    cache: GrowingBytes,
    position: number,
    length: number,
    loses: (sector: number) => boolean,
  ): void {
    if (this.#durable.sizeBytes < cache.sizeBytes) this.#durable.truncate(cache.sizeBytes)
    for (
      let sector = Math.floor(position / SECTOR_BYTES);
      sector * SECTOR_BYTES < position + length;
      sector++
    ) {
      if (loses(sector)) continue
      const start = sector * SECTOR_BYTES
      const end = Math.min(start + SECTOR_BYTES, cache.sizeBytes)
      this.#durable.write(cache.slice(start, end), start)
    }
  }
}
