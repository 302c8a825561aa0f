/**
 * Memory that sockets read into, lent out in slabs and taken back when the last user is done.
 *
 * A slab belongs to one connection; requests that still point into it (a produce whose batch is on its way
 * to disk) hold a reference each. It is used again only when nobody does: handing memory out twice is how
 * a broker mixes up its clients' data (trap 20), so a reference too many or too few is an assertion.
 */
import { limits } from '../../runtime/limits.ts'

export class Slab {
  readonly buffer: Buffer
  #references = 1
  readonly #pool: SlabPool

  constructor(buffer: Buffer, pool: SlabPool) {
    this.buffer = buffer
    this.#pool = pool
  }

  /** True while only the connection itself holds the slab. */
  get unshared(): boolean {
    return this.#references === 1
  }

  retain(): void {
    if (this.#references <= 0) throw new Error('a slab that was given back is used again')
    this.#references++
  }

  release(): void {
    if (this.#references <= 0) throw new Error('a slab is given back twice')
    this.#references--
    if (this.#references === 0) this.#pool.takeBack(this.buffer)
  }
}

export class SlabPool {
  readonly #free = new Map<number, Buffer[]>()
  #freeBytes = 0
  #lentBytes = 0

  /** A slab of at least `sizeBytesMin`, rounded up to a power of two. */
  lend(sizeBytesMin: number): Slab {
    const sizeBytes = 2 ** Math.ceil(Math.log2(Math.max(1_024, sizeBytesMin)))
    this.#lentBytes += sizeBytes
    const spare = this.#free.get(sizeBytes)?.pop()
    if (spare === undefined) return new Slab(Buffer.allocUnsafeSlow(sizeBytes), this)
    this.#freeBytes -= sizeBytes
    return new Slab(spare, this)
  }

  takeBack(buffer: Buffer): void {
    this.#lentBytes -= buffer.length
    if (this.#freeBytes + buffer.length > limits.slabPoolBytesMax) return
    this.#freeBytes += buffer.length
    const list = this.#free.get(buffer.length)
    if (list === undefined) this.#free.set(buffer.length, [buffer])
    else list.push(buffer)
  }

  /** Bytes of all slabs that connections and requests hold now. */
  get lentBytes(): number {
    return this.#lentBytes
  }
}
