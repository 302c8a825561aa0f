/**
 * Run by the bomb tests in a process of its own, so that its peak memory is its own: unpacks one bomb under a
 * bound and prints the outcome and how much the peak rose.
 */
import { decompress } from '../../../src/protocol/records/compression.ts'
import { bombs } from './bombs.ts'

const [name = '', bound = '0'] = process.argv.slice(2)
const bomb = bombs[name]
if (bomb === undefined) throw new Error(`no bomb ${name}`)
// Everything that the codec loads once is loaded before it counts.
decompress(bomb.codec, Buffer.alloc(64), 64)
const bytes = bomb.make()
const peakBefore = process.resourceUsage().maxRSS
const start = performance.now()
const result = decompress(bomb.codec, bytes, Number(bound))
const elapsedMs = performance.now() - start
const grownBytes = (process.resourceUsage().maxRSS - peakBefore) * 1024
console.log(
  JSON.stringify({
    result: result.ok ? 'unpacked' : result.error,
    grownBytes,
    elapsedMs,
    sizeBytes: bytes.length,
  }),
)
