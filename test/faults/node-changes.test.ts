/** A short run of the node changes, so that the script stays able to run and to find nothing. */
import { expect, test } from 'vitest'
import { runNodeChanges } from './node-changes.ts'

test('a fourth node joins, the first leaves, and no client that retries notices', async () => {
  expect(await runNodeChanges({ partitions: 12, megabytes: 24 }, () => {})).toEqual([])
}, 240_000)
