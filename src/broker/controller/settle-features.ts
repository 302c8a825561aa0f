/**
 * The features that a cluster goes by, as soon as a controller is active: a new cluster gets the newest that are served.
 *
 * Levels above what is served here (of a Kafka whose folders were opened) are lowered, each with a warning: clients change
 * what they do by these levels, so a level that is not true must not stand. Settings that a level needs are written where
 * they are missing, and levels that stand are never raised: an operator does that.
 */
import type { NodeFacts } from '../../coordination/metadata/config-layers.ts'
import { bootstrapRecords } from '../../coordination/metadata/decide/bootstrap.ts'
import type { MetadataDecision } from '../../coordination/metadata/decision.ts'
import { eligibleLeaderSettings, keepsEligibleLeaders } from '../../coordination/metadata/eligible-leaders.ts'
import { supportedFeatures } from '../../coordination/metadata/features.ts'
import type { MetadataImage } from '../../coordination/metadata/image.ts'
import type { Log } from '../../runtime/log.ts'
import type { ClusterQuorum } from '../quorum/metadata-quorum.ts'

interface Lowered {
  readonly feature: string
  readonly from: number
  readonly to: number
}

function decideFeatures(image: MetadataImage, node: NodeFacts): MetadataDecision<readonly Lowered[]> {
  if (image.features.size === 0) return { records: bootstrapRecords(node), reply: [] }
  const lowered = supportedFeatures.flatMap(({ name, max }) => {
    const from = image.features.get(name) ?? 0
    return from > max ? [{ feature: name, from, to: max }] : []
  })
  const levels = lowered.map(({ feature, to }) => ({
    type: 'FeatureLevelRecord' as const,
    value: { name: feature, featureLevel: to },
  }))
  const settings = keepsEligibleLeaders(image) ? eligibleLeaderSettings(image, node) : []
  return { records: [...settings, ...levels], reply: lowered }
}

/** Asks for it before anything else is decided; the next controller asks again where this one could not. */
export async function settleFeatures(quorum: ClusterQuorum, node: NodeFacts, log: Log): Promise<void> {
  try {
    const lowered = await quorum.submit((image) => decideFeatures(image, node))
    for (const level of lowered) log.warn('a feature is lowered to what is served', { ...level })
  } catch (error) {
    log.warn('the features of the cluster are not settled yet', { reason: String(error) })
  }
}
