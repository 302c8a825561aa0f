/**
 * UpdateFeatures (57): finalizes other levels of features, all of them or none (KIP-584, KIP-1022).
 *
 * A level that is not served here is refused, so is a downgrade that the request did not ask for as one. Raising
 * `eligible.leader.replicas.version` or others is how a cluster begins to use what all of its nodes can.
 */
import { errorCode } from '../../../protocol/errors.ts'
import type {
  UpdateFeaturesRequest,
  UpdateFeaturesResponseInput,
} from '../../../protocol/messages/update-features.ts'
import type { MetadataDecision } from '../decision.ts'
import { supportedFeatures } from '../features.ts'
import type { MetadataImage } from '../image.ts'
import type { MetadataRecord } from '../record.ts'

type Update = UpdateFeaturesRequest['featureUpdates'][number]

const UPGRADE = 1
const SAFE_DOWNGRADE = 2
const UNSAFE_DOWNGRADE = 3
/** The first version whose answer has no list of results. */
const VERSION_WITHOUT_RESULTS = 2

export function decideUpdateFeatures(
  image: MetadataImage,
  request: UpdateFeaturesRequest,
  apiVersion: number,
): MetadataDecision<UpdateFeaturesResponseInput> {
  const code = refusalCode(image, request)
  if (code !== 0) {
    return { records: [], reply: { throttleTimeMs: 0, errorCode: code, errorMessage: null } }
  }
  const changed = request.featureUpdates.filter(
    ({ feature, maxVersionLevel }) => (image.features.get(feature) ?? 0) !== maxVersionLevel,
  )
  const records: MetadataRecord[] = changed.map(({ feature, maxVersionLevel }) => ({
    type: 'FeatureLevelRecord',
    value: { name: feature, featureLevel: maxVersionLevel },
  }))
  const results = request.featureUpdates.map(({ feature }) => ({ feature, errorCode: 0, errorMessage: null }))
  const reply = {
    throttleTimeMs: 0,
    errorCode: 0,
    errorMessage: null,
    ...(apiVersion < VERSION_WITHOUT_RESULTS && { results }),
  }
  return { records: request.validateOnly ? [] : records, reply }
}

function refusalCode(image: MetadataImage, { featureUpdates }: UpdateFeaturesRequest): number {
  const names = new Set(featureUpdates.map(({ feature }) => feature))
  if (names.size !== featureUpdates.length) return errorCode.INVALID_REQUEST
  return featureUpdates.every((update) => isPossible(image, update)) ? 0 : errorCode.INVALID_UPDATE_VERSION
}

function isPossible(
  image: MetadataImage,
  { feature, maxVersionLevel, upgradeType, allowDowngrade }: Update,
): boolean {
  const supported = supportedFeatures.find(({ name }) => name === feature)
  // The quorum's own version changes with its voters, not here.
  if (supported === undefined || feature === 'kraft.version') return false
  if (maxVersionLevel > supported.max || maxVersionLevel < supported.min) return false
  const level = image.features.get(feature) ?? 0
  if (maxVersionLevel === level) return true
  const isDowngrade = maxVersionLevel < level
  // Lower levels of the metadata's own version would need records that this version does not write.
  if (isDowngrade && feature === 'metadata.version') return false
  if (!isDowngrade) return upgradeType === UPGRADE
  return allowDowngrade || upgradeType === SAFE_DOWNGRADE || upgradeType === UNSAFE_DOWNGRADE
}
