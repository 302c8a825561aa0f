/** Whether a fault had destroyed a part of that replica by then: what lies there is worth nothing until others have made it whole. */
import type { History, ReplicaSight } from '../history.ts'

export function isRuined(
  { ruins }: History,
  { topic, partition, node }: Pick<ReplicaSight, 'topic' | 'partition' | 'node'>,
  atMs: number,
): boolean {
  return ruins.some(
    (ruin) => ruin.place === `${topic}-${partition}` && ruin.node === node && ruin.atMs <= atMs,
  )
}
