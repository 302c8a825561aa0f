import { describe, expect, it } from 'vitest'
import { codeForVersion } from '../../src/broker/older-codes.ts'

describe('codeForVersion', () => {
  it.each([
    ['Produce 4 has a leader that moved for a failed disk', 0, 4, 56, 6],
    ['Produce 5 knows of failed disks', 0, 5, 56, 56],
    ['Fetch 5 does not, Fetch 6 does', 1, 5, 56, 6],
    ['Fetch 6', 1, 6, 56, 56],
    ['DeleteTopics 2 cannot know that deletion is off', 20, 2, 73, 42],
    ['DeleteTopics 3 can', 20, 3, 73, 73],
    ['success stays success', 0, 3, 0, 0],
    ['other codes stay', 0, 3, 3, 3],
  ])('%s', (_, apiKey, version, code, told) => {
    expect(codeForVersion(apiKey, version, code)).toBe(told)
  })
})
