/** What of the metadata had been seen on any disk at a moment; the moments are asked for in their order. */
import type { MetadataState } from '../history.ts'

export function metadataAt(states: readonly MetadataState[]): (atMs: number) => MetadataState | undefined {
  let next = 0
  let state: MetadataState | undefined
  return (atMs) => {
    while ((states[next]?.seenMs ?? Number.POSITIVE_INFINITY) <= atMs) state = states[next++]
    return state
  }
}
