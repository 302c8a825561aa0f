/**
 * The features that a cluster can be told to use, and how far this version of the product serves each (KIP-584).
 *
 * A level is supported only where its behaviour is served (observed 20): clients change what they do by what they read
 * here. Raising a maximum is the last step of building a feature, never the first.
 */
export interface FeatureRange {
  readonly name: string
  readonly min: number
  readonly max: number
}

/** 4.3-IV0, the newest metadata.version in production. */
export const METADATA_VERSION = 30

/** Keeps replicas eligible to lead that have left a small ISR (KIP-966). */
export const ELIGIBLE_LEADERS_FEATURE = 'eligible.leader.replicas.version'

/** The quorum's own: its level stands in the control records of its log, and in no image. */
export const KRAFT_VERSION = 'kraft.version'

/** What is supported, in the order in which answers list it. */
export const supportedFeatures: readonly FeatureRange[] = [
  { name: ELIGIBLE_LEADERS_FEATURE, min: 0, max: 1 },
  { name: 'group.version', min: 0, max: 0 },
  { name: KRAFT_VERSION, min: 0, max: 1 },
  { name: 'metadata.version', min: 7, max: METADATA_VERSION },
  { name: 'share.version', min: 0, max: 0 },
  { name: 'streams.version', min: 0, max: 0 },
  { name: 'transaction.version', min: 0, max: 0 },
]
