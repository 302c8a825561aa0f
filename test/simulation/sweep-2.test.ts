/** No seed breaks an invariant, whatever strikes: one half of two hundred. */
import { it } from 'vitest'
import { holdsItsPromises } from './held-promises.ts'

it('holds its promises under every fault', () => holdsItsPromises(7_000), 600_000)
