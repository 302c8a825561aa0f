/**
 * Replication stories: `test/stories/replication/*.txt`. Steps, a divider, and everything that happened.
 *
 * `REWRITE_STORIES=1` writes the transcripts anew; the reviewer reads the difference.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { retell, withoutComments } from '../../stories/retell.ts'
import { Story } from './story-verbs.ts'

const folder = join(import.meta.dirname, '../../stories/replication')
const rewrites = process.env.REWRITE_STORIES === '1'

function retold(text: string): { told: string; problems: string[] } {
  const story = new Story()
  const told = retell(text, withoutComments, (line) => story.step(line))
  return { told, problems: story.problems }
}

describe('replication stories', () => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.txt'))

  it('are there', () => {
    expect(files.length).toBeGreaterThanOrEqual(25)
  })

  it.each(files)('%s', (name) => {
    const path = join(folder, name)
    const text = readFileSync(path, 'utf8')
    const { told, problems } = retold(text)
    if (rewrites) writeFileSync(path, told)
    else expect(told).toBe(text)
    expect(problems).toEqual([])
  })
})
