/** Every planted bug has its line in the code exactly once, so that a change of the code cannot take it out of the count. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { mutations } from './mutations.ts'

const ROOT = resolve(import.meta.dirname, '../..')

it.each(mutations)('$name: stands once in $file', ({ file, from, to }) => {
  expect(readFileSync(join(ROOT, file), 'utf8').split(from).length).toBe(2)
  expect(to).not.toBe(from)
})

it('no two planted bugs have the same name', () => {
  expect(new Set(mutations.map(({ name }) => name)).size).toBe(mutations.length)
})
