/**
 * The records with which a new cluster's metadata log begins: the features that it starts with.
 *
 * A feature is finalized only where its behaviour is served (observed 20); one that is not listed is at level 0. The
 * levels come together or not at all, as one transaction of the log.
 */
import { supportedFeatures } from '../features.ts'
import type { MetadataRecord } from '../record.ts'

/** A feature and the level at which a cluster starts. */
export interface FeatureLevel {
  readonly name: string
  readonly level: number
}

/** Every feature at the highest level that is served; kraft.version is the quorum's own, not the metadata log's. */
export const newestFeatures: readonly FeatureLevel[] = supportedFeatures
  .filter(({ name }) => name !== 'kraft.version')
  .map(({ name, max }) => ({ name, level: max }))

/** The records of a cluster with these features; metadata.version comes first, as the others depend on it. */
export function bootstrapRecords(features: readonly FeatureLevel[] = newestFeatures): MetadataRecord[] {
  const first = features.filter(({ name }) => name === 'metadata.version')
  const others = features.filter(({ name }) => name !== 'metadata.version')
  const levels: MetadataRecord[] = [...first, ...others]
    .filter(({ level }) => level > 0)
    .map(({ name, level }) => ({ type: 'FeatureLevelRecord', value: { name, featureLevel: level } }))
  return [
    { type: 'BeginTransactionRecord', value: { name: 'Bootstrap records' } },
    ...levels,
    { type: 'EndTransactionRecord', value: {} },
  ]
}
