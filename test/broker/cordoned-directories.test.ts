/** Directories that take no new replicas: by name, all of them, and names that are none. */
import { describe, expect, it } from 'vitest'
import { cordonedAmong, cordonProblem } from '../../src/broker/cordoned-directories.ts'

const paths = ['/a', '/b']

describe('cordoned.log.dirs', () => {
  it.each([
    [[], []],
    [['/b'], ['/b']],
    [
      ['/b', '/a'],
      ['/a', '/b'],
    ],
    [['*'], ['/a', '/b']],
  ])('%o cordons %o', (named, cordoned) => {
    expect(cordonedAmong(named, paths)).toEqual(cordoned)
    expect(cordonProblem(named, paths)).toBeNull()
  })

  it('must name directories of the broker', () => {
    expect(cordonProblem(['/a', '/nope'], paths)).toBe(
      'requirement failed: All entries in cordoned.log.dirs must be present in log.dirs or log.dir. Missing entries : /nope',
    )
  })
})
