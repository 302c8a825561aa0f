/**
 * The records with which a new cluster's metadata log begins: the features that it starts with.
 *
 * A feature is finalized only where its behaviour is served (observed 20); one that is not listed is at level 0. The
 * levels come together or not at all, as one transaction of the log.
 */
import type { NodeFacts } from '../config-layers.ts'
import { eligibleLeaderSettings } from '../eligible-leaders.ts'
import { ELIGIBLE_LEADERS_FEATURE, KRAFT_VERSION, supportedFeatures } from '../features.ts'
import { emptyImage } from '../image.ts'
import type { MetadataRecord } from '../record.ts'

/** A feature and the level at which a cluster starts. */
export interface FeatureLevel {
  readonly name: string
  readonly level: number
}

/** Every feature at the highest level that is served; kraft.version is the quorum's own, not the metadata log's. */
export const newestFeatures: readonly FeatureLevel[] = supportedFeatures
  .filter(({ name }) => name !== KRAFT_VERSION)
  .map(({ name, max }) => ({ name, level: max }))

/**
 * The records of a cluster with these features, and the settings that they need as `node`'s file has them;
 * metadata.version comes first, as the others depend on it.
 */
export function bootstrapRecords(
  node: NodeFacts,
  features: readonly FeatureLevel[] = newestFeatures,
): MetadataRecord[] {
  const first = features.filter(({ name }) => name === 'metadata.version')
  const others = features.filter(({ name }) => name !== 'metadata.version')
  const levels: MetadataRecord[] = [...first, ...others]
    .filter(({ level }) => level > 0)
    .map(({ name, level }) => ({ type: 'FeatureLevelRecord', value: { name, featureLevel: level } }))
  const keepsEligible = features.some(({ name, level }) => name === ELIGIBLE_LEADERS_FEATURE && level > 0)
  return [
    { type: 'BeginTransactionRecord', value: { name: 'Bootstrap records' } },
    ...levels,
    ...(keepsEligible ? eligibleLeaderSettings(emptyImage, node) : []),
    { type: 'EndTransactionRecord', value: {} },
  ]
}
