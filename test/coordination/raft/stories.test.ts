/**
 * Raft stories: `test/stories/raft/*.txt`. A line, a divider, and everything that happened; `== name` begins a scenario
 * of its own, in a new world.
 *
 * `REWRITE_STORIES=1` writes the transcripts anew; the reviewer reads the difference.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { retell, withoutComments } from '../../stories/retell.ts'
import { Story } from './story-verbs.ts'

const folder = join(import.meta.dirname, '../../stories/raft')
const rewrites = process.env.REWRITE_STORIES === '1'
const SCENARIO = '== '

/** The story told again: names and comments stay, every step gets its transcript. */
function retold(text: string): { told: string; scenarios: string[] } {
  let story = new Story()
  const scenarios: string[] = []
  const stepsOf = (head: readonly string[]): readonly string[] => {
    const name = head.find((line) => line.startsWith(SCENARIO))
    if (name !== undefined) {
      story = new Story()
      scenarios.push(name)
    }
    return withoutComments(head).filter((line) => !line.startsWith(SCENARIO))
  }
  const told = retell(text, stepsOf, (line) => story.step(line))
  return { told, scenarios }
}

describe('raft stories', () => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.txt'))

  it('are there', () => {
    const scenarios = files.flatMap((name) =>
      readFileSync(join(folder, name), 'utf8')
        .split('\n')
        .filter((line) => line.startsWith(SCENARIO)),
    )
    expect(new Set(scenarios).size).toBe(scenarios.length)
    expect(scenarios.length).toBeGreaterThanOrEqual(60)
  })

  it.each(files)('%s', (name) => {
    const path = join(folder, name)
    const text = readFileSync(path, 'utf8')
    const { told, scenarios } = retold(text)
    if (rewrites) writeFileSync(path, told)
    else expect(told).toBe(text)
    expect(scenarios.length).toBeGreaterThan(0)
  })
})
