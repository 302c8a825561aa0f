/** A full disk without root: files may not grow for a while. `full-disk.ts` alone fills a real one. */
import { expect, it } from 'vitest'
import { runFullDisk } from './full-disk.ts'

it('trap 1: refuses what a full disk cannot take, loses nothing, and goes on when there is room', async () => {
  const report = await runFullDisk('limit')
  expect(report.violations).toEqual([])
  expect(report.lines.join('\n')).toContain('without a restart')
})
