/**
 * Invariant 21: every change of metadata that was confirmed stands in the metadata log, where what was confirmed before it
 * was asked for stands before it (linearizability, with the log as the order); and at the end every broker tells what the
 * log says.
 */
import type { MetadataImage } from '../../coordination/metadata/image.ts'
import { configsOf, emptyImage, topicByName } from '../../coordination/metadata/image.ts'
import type { History, MetadataChange } from '../history.ts'

const TOPIC_CONFIG = 2

export function confirmedMetadataStays(history: History): string[] {
  return [...outOfOrder(history), ...notTold(history)]
}

function outOfOrder({ metadataChanges, metadataStates }: History): string[] {
  const violations: string[] = []
  const placed: { readonly confirmedMs: number; readonly at: number }[] = []
  for (const change of metadataChanges) {
    if (change.confirmedMs === Number.POSITIVE_INFINITY) continue
    const at = metadataStates.findIndex(({ image }, index) =>
      happens(change.what, metadataStates[index - 1]?.image ?? emptyImage, image),
    )
    const told = `${change.what.kind} of ${change.what.topic}, confirmed at ${change.confirmedMs} ms,`
    if (at < 0) violations.push(`${told} is not in the metadata log`)
    else if (placed.some((one) => one.confirmedMs < change.invokedMs && one.at > at))
      violations.push(`${told} stands before what had been confirmed before it was asked for`)
    placed.push({ confirmedMs: change.confirmedMs, at })
  }
  return violations
}

function happens(what: MetadataChange['what'], before: MetadataImage, after: MetadataImage): boolean {
  if (before.topics === after.topics && before.configs === after.configs) return false
  const [was, is] = [before, after].map((image) => topicByName(image, what.topic))
  const countOf = (topic: typeof was): number => (topic === undefined ? 0 : [...topic.partitions].length)
  switch (what.kind) {
    case 'create':
      return was === undefined && is !== undefined
    case 'delete':
      return was !== undefined && is === undefined
    case 'grow':
      return countOf(was) < what.partitions && countOf(is) >= what.partitions
    case 'set': {
      const [old, now] = [before, after].map((image) =>
        configsOf(image, { type: TOPIC_CONFIG, name: what.topic }).get('retention.ms'),
      )
      return now === what.value && old !== now
    }
  }
}

function notTold({ toldTopics, metadataStates }: History): string[] {
  const image = metadataStates.at(-1)?.image
  if (image === undefined) return []
  const wanted = [...image.topics.values()].map(({ name, partitions }) => `${name} ${[...partitions].length}`)
  return [...toldTopics]
    .filter(([, topics]) => [...topics].sort().join() !== wanted.sort().join())
    .map(
      ([node, topics]) => `node ${node} tells of ${topics.join(', ')} where the log has ${wanted.join(', ')}`,
    )
}
