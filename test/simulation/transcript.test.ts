import { describe, expect, it } from 'vitest'
import { Transcript } from '../../src/simulation/transcript.ts'

/** The hash of a history in which a node of code in `folder` tells of a bug. */
function hashOf(folder: string, reason = 'it broke'): string {
  const transcript = new Transcript(() => 7, true)
  const error = `Error: ${reason}\n    at Log.append (${folder}/src/storage/log.ts:1:2)\n    at async ${folder}/bin.ts:3:4`
  transcript.logOf('node 1').error('a request failed by a bug', { error })
  expect(transcript.lines.join()).toContain(folder)
  return transcript.hash
}

describe('a transcript', () => {
  it('has the same hash in whatever folder the code lies, and another for another reason', () => {
    expect(hashOf('/home/one')).toBe(hashOf('/srv/elsewhere/two'))
    expect(hashOf('/home/one')).not.toBe(hashOf('/home/one', 'it broke again'))
  })
})
