/**
 * Measures and decodes one LZ4 block, into a buffer that its caller made of the measured size.
 *
 * Written here because the native package takes no bound for what it unpacks, and is slower. Never writes beyond
 * the target, never reads beyond the block; a block that would is refused with -1.
 */

/** Matches and literals from this length on are copied by the engine, shorter ones byte by byte. */
const ENGINE_COPY_SIZE_BYTES_MIN = 24

/**
 * Unpacks `source[start, end)` to `target` from `position` on, where matches may reach back to `windowStart`.
 * The answer is the position behind the last byte written, or -1.
 */
export function decodeLz4Block(
  source: Buffer,
  start: number,
  end: number,
  target: Buffer,
  position: number,
  windowStart: number,
): number {
  let from = start
  let to = position
  const limit = target.length
  while (from < end) {
    const token = source[from++] as number
    let literals = token >>> 4
    if (literals === 15) {
      let more = 255
      while (more === 255) {
        if (from >= end) return -1
        more = source[from++] as number
        literals += more
      }
    }
    if (literals > end - from || literals > limit - to) return -1
    if (literals >= ENGINE_COPY_SIZE_BYTES_MIN) {
      source.copy(target, to, from, from + literals)
      to += literals
      from += literals
    } else {
      for (let i = 0; i < literals; i++) target[to++] = source[from++] as number
    }
    // The last sequence of a block has literals only.
    if (from === end) return to
    if (end - from < 2) return -1
    const distance = (source[from] as number) | ((source[from + 1] as number) << 8)
    from += 2
    let length = (token & 15) + 4
    if (length === 19) {
      let more = 255
      while (more === 255) {
        if (from >= end) return -1
        more = source[from++] as number
        length += more
      }
    }
    let match = to - distance
    if (distance === 0 || match < windowStart || length > limit - to) return -1
    if (length >= ENGINE_COPY_SIZE_BYTES_MIN && distance >= length) {
      target.copyWithin(to, match, match + length)
      to += length
    } else {
      for (let i = 0; i < length; i++) target[to++] = target[match++] as number
    }
  }
  return -1
}

/** How many bytes `source[start, end)` unpacks to, or -1 when its sequences do not fill it exactly. */
export function lz4BlockSizeBytes(source: Buffer, start: number, end: number): number {
  let from = start
  let sizeBytes = 0
  while (from < end) {
    const token = source[from++] as number
    let literals = token >>> 4
    if (literals === 15) {
      let more = 255
      while (more === 255) {
        if (from >= end) return -1
        more = source[from++] as number
        literals += more
      }
    }
    sizeBytes += literals
    from += literals
    if (from === end) return sizeBytes
    from += 2
    if (from > end) return -1
    let length = (token & 15) + 4
    if (length === 19) {
      let more = 255
      while (more === 255) {
        if (from >= end) return -1
        more = source[from++] as number
        length += more
      }
    }
    sizeBytes += length
  }
  return -1
}
