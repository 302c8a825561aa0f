import { describe, expect, it } from 'vitest'
import { deltaSlices } from '../../src/broker/delta-slices.ts'
import type { MetadataDelta } from '../../src/coordination/metadata/delta.ts'
import {
  applied,
  cluster,
  creation,
  fitting,
  requestedTopic,
  withTopic,
} from '../coordination/metadata/support.ts'

/** What making a topic with so many partitions changes. */
function deltaOf(partitions: number): MetadataDelta {
  const image = cluster(null)
  return fitting(image, creation(image, [requestedTopic('t', { partitions })]).records).delta
}

describe('delta slices', () => {
  it('are one where little is new', () => {
    const delta = deltaOf(3)
    expect([...deltaSlices(delta, 3)]).toEqual([delta])
  })

  it('have all partitions once, in order, and everything else in the first', () => {
    const delta = deltaOf(7)
    const slices = [...deltaSlices(delta, 3)]
    expect(slices.map((slice) => slice.partitionsChanged.map(({ partition }) => partition))).toEqual([
      [0, 1, 2],
      [3, 4, 5],
      [6],
    ])
    expect(slices.map((slice) => slice.topicsCreated.length)).toEqual([1, 0, 0])
  })

  it('keep changes of known partitions together', () => {
    const image = withTopic(cluster(null), 't', { partitions: 9 })
    const removal = [...image.topics.keys()].map((topicId) => ({
      type: 'RemoveTopicRecord' as const,
      value: { topicId },
    }))
    const { delta } = fitting(image, removal)
    expect(delta.partitionsChanged).toHaveLength(9)
    expect([...deltaSlices(delta, 2)]).toEqual([delta])
    expect(applied(image, removal).topics.size).toBe(0)
  })
})
