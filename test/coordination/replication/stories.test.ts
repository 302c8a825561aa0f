/**
 * Replication stories: `test/stories/replication/*.txt`. Steps, a divider, and everything that happened.
 *
 * `REWRITE_STORIES=1` writes the transcripts anew; the reviewer reads the difference.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Story } from './story-verbs.ts'

const folder = join(import.meta.dirname, '../../stories/replication')
const rewrites = process.env.REWRITE_STORIES === '1'
const DIVIDER = '----'

function retold(text: string): { told: string; problems: string[] } {
  const story = new Story()
  const blocks = text
    .trim()
    .split(/\n\n+/)
    .map((block) => {
      const lines = block.split('\n')
      const divider = lines.indexOf(DIVIDER)
      const head = divider < 0 ? lines : lines.slice(0, divider)
      const steps = head.filter((line) => !line.startsWith('#'))
      if (steps.length === 0) return head.join('\n')
      const transcript = steps.map((line) => story.step(line)).join('\n')
      return `${head.join('\n')}\n${DIVIDER}\n${transcript}`
    })
  return { told: `${blocks.join('\n\n')}\n`, problems: story.problems }
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
