/**
 * The mutation fuzzer: breaks golden vectors and hands them to their decoders, which must answer with a value or an
 * error, soon, and without taking memory that the bytes do not warrant.
 */
import { EncodeError } from '../../../src/protocol/wire-error.ts'
import { readCorpus, type Seed } from './corpus.ts'
import { mutate, Random } from './mutate.ts'

export interface FuzzOptions {
  readonly inputs: number
  readonly seed: number
}

export interface FuzzReport {
  readonly inputs: number
  readonly accepted: number
  readonly refused: number
  /** The slowest input that was tried again and stayed slow. */
  readonly slowestMs: number
  readonly elapsedMs: number
}

/** Vectors larger than this are rarely worth their time. */
const SMALL_SIZE_BYTES_MAX = 600
/** One input in so many is any message, a record set, or is written again when it was read. */
const ANY_MESSAGE_EVERY = 8
const RECORD_SET_EVERY = 16
const WRITE_AGAIN_EVERY = 4
/** An input above this is tried again, for the machine has pauses of its own. */
const SLOW_MS = 20
const HEAP_GROWTH_BYTES_MAX = 256 * 2 ** 20
const HEAP_LOOK_EVERY = 50_000

/** Runs the fuzzer; throws an `Error` that holds the input when a decoder throws, stalls or hoards. */
export function fuzz({ inputs, seed }: FuzzOptions): FuzzReport {
  const { messages, recordSets } = readCorpus()
  const small = messages.filter(({ bytes }) => bytes.length <= SMALL_SIZE_BYTES_MAX)
  const random = new Random(seed)
  const heapBefore = process.memoryUsage().heapUsed
  const start = performance.now()
  let accepted = 0
  let slowestMs = 0
  for (let input = 0; input < inputs; input++) {
    const seeds =
      input % RECORD_SET_EVERY === 0 ? recordSets : input % ANY_MESSAGE_EVERY === 1 ? messages : small
    const chosen = seeds[random.below(seeds.length)]
    if (chosen === undefined) throw new Error('the corpus is empty')
    const bytes = mutate(chosen.bytes, random)
    const begun = performance.now()
    if (tryOne(chosen, bytes, input % WRITE_AGAIN_EVERY === 0)) accepted++
    if (performance.now() - begun > SLOW_MS) slowestMs = Math.max(slowestMs, timeAgain(chosen, bytes))
    if (input % HEAP_LOOK_EVERY === 0) lookAtHeap(heapBefore)
  }
  return { inputs, accepted, refused: inputs - accepted, slowestMs, elapsedMs: performance.now() - start }
}

function described(seed: Seed, bytes: Buffer, what: string): Error {
  return new Error(`${seed.name}: ${what}\n${bytes.toString('hex')}`)
}

/** Whether the input was accepted. */
function tryOne(seed: Seed, bytes: Buffer, writeAgain: boolean): boolean {
  try {
    const decoded = seed.decode(bytes)
    if (!decoded.ok) return false
    if (decoded.position > bytes.length) throw new Error(`read to ${decoded.position} of ${bytes.length}`)
    if (writeAgain) seed.encode?.(decoded.value)
    return true
  } catch (error) {
    // Text that was no UTF-8 grows when it is written again, perhaps beyond what a string may have.
    if (error instanceof EncodeError && error.message.includes('too long for a string')) return true
    throw described(seed, bytes, error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
}

function timeAgain(seed: Seed, bytes: Buffer): number {
  let bestMs = Number.POSITIVE_INFINITY
  for (let attempt = 0; attempt < 3; attempt++) {
    const begun = performance.now()
    tryOne(seed, bytes, false)
    bestMs = Math.min(bestMs, performance.now() - begun)
  }
  if (bestMs > 10 * SLOW_MS) throw described(seed, bytes, `takes ${bestMs} ms`)
  return bestMs
}

function lookAtHeap(heapBefore: number): void {
  const grown = process.memoryUsage().heapUsed - heapBefore
  if (grown > HEAP_GROWTH_BYTES_MAX) throw new Error(`the heap grew by ${grown} bytes`)
}
