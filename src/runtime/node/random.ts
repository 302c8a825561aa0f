/** The operating system's generator behind the random port. */
import { randomBytes, randomInt } from 'node:crypto'
import type { Random } from '../random.ts'

export const nodeRandom: Random = {
  bytes: (sizeBytes) => randomBytes(sizeBytes),
  below: (limit) => (limit <= 1 ? 0 : randomInt(limit)),
}
