/** The same seed gives the same history: one half of a thousand seeds, the first moments of each, each twice. */
import { it } from 'vitest'
import { tellsTheSameTwice } from './told-twice.ts'

it('tells the same history twice', () => tellsTheSameTwice(1), 600_000)
