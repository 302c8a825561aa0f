/**
 * Eight bytes seen as two words, one int64 or one float64: the quick way between them without a DataView.
 *
 * Shared by reader and writer; whoever writes the words reads the result at once.
 */
const memory = new ArrayBuffer(8)

export const wordBits = new Int32Array(memory)
export const int64Bits = new BigInt64Array(memory)
export const float64Bits = new Float64Array(memory)

int64Bits[0] = 1n
/** Index of the low word in `wordBits` on this machine. */
export const lowWord = wordBits[0] === 1 ? 0 : 1
/** Index of the high word. */
export const highWord = 1 - lowWord
