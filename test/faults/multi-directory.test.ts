/** A data directory that is moved away under the broker; `multi-directory.ts` alone takes a disk's power. */
import { expect, it } from 'vitest'
import { runMultiDirectory } from './multi-directory.ts'

it('trap 7: loses one directory and serves the other, until both are there again', async () => {
  const report = await runMultiDirectory('rename')
  expect(report.violations).toEqual([])
  expect(report.lines).toHaveLength(4)
})
