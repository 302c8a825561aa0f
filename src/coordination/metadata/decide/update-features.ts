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
import type { NodeFacts } from '../config-layers.ts'
import type { MetadataDecision } from '../decision.ts'
import { eligibleLeaderSettings } from '../eligible-leaders.ts'
import { ELIGIBLE_LEADERS_FEATURE, KRAFT_VERSION, supportedFeatures } from '../features.ts'
import type { MetadataImage } from '../image.ts'
import type { MetadataRecord } from '../record.ts'

type Update = UpdateFeaturesRequest['featureUpdates'][number]

const UPGRADE = 1
const SAFE_DOWNGRADE = 2
const UNSAFE_DOWNGRADE = 3
/** The first version whose answer has no list of results. */
const VERSION_WITHOUT_RESULTS = 2

interface Refusal {
  readonly code: number
  readonly message: string
}

/** `node` decides: its words name it, and its file gives settings that a level needs. */
export function decideUpdateFeatures(
  image: MetadataImage,
  request: UpdateFeaturesRequest,
  node: NodeFacts,
  apiVersion: number,
): MetadataDecision<UpdateFeaturesResponseInput> {
  const refusal = refusalOf(image, request, node.nodeId)
  if (refusal !== null) {
    const reply = { throttleTimeMs: 0, errorCode: refusal.code, errorMessage: refusal.message }
    return { records: [], reply }
  }
  const changed = request.featureUpdates.filter(
    ({ feature, maxVersionLevel }) => (image.features.get(feature) ?? 0) !== maxVersionLevel,
  )
  const records: MetadataRecord[] = []
  for (const { feature, maxVersionLevel } of changed) {
    if (feature === ELIGIBLE_LEADERS_FEATURE && maxVersionLevel > 0)
      records.push(...eligibleLeaderSettings(image, node))
    records.push({ type: 'FeatureLevelRecord', value: { name: feature, featureLevel: maxVersionLevel } })
  }
  const results = request.featureUpdates.map(({ feature }) => ({ feature, errorCode: 0, errorMessage: null }))
  const reply = {
    throttleTimeMs: 0,
    errorCode: 0,
    errorMessage: null,
    ...(apiVersion < VERSION_WITHOUT_RESULTS && { results }),
  }
  return { records: request.validateOnly ? [] : records, reply }
}

function refusalOf(
  image: MetadataImage,
  { featureUpdates }: UpdateFeaturesRequest,
  controllerId: number,
): Refusal | null {
  const names = new Set(featureUpdates.map(({ feature }) => feature))
  if (names.size !== featureUpdates.length)
    return { code: errorCode.INVALID_REQUEST, message: 'The request names a feature more than once.' }
  for (const update of featureUpdates) {
    const why = whyImpossible(image, update, controllerId)
    if (why === null) continue
    const message = `The update failed for all features since the following feature had an error: ${why}`
    return { code: errorCode.INVALID_UPDATE_VERSION, message }
  }
  return null
}

/** Null where the level can be; else what Kafka says, so that its tools tell a person the same. */
function whyImpossible(
  image: MetadataImage,
  { feature, maxVersionLevel, upgradeType, allowDowngrade }: Update,
  controllerId: number,
): string | null {
  const invalid = `Invalid update version ${maxVersionLevel} for feature ${feature}.`
  const supported = supportedFeatures.find(({ name }) => name === feature)
  if (supported === undefined)
    return `${invalid} Local controller ${controllerId} does not support this feature.`
  if (maxVersionLevel > supported.max || maxVersionLevel < supported.min)
    return `${invalid} Local controller ${controllerId} only supports versions ${supported.min}-${supported.max}`
  for (const { id, features } of image.brokers.values()) {
    const range = features.find(({ name }) => name === feature)
    const [min, max] = [range?.minSupportedVersion ?? 0, range?.maxSupportedVersion ?? 0]
    if (maxVersionLevel < min || maxVersionLevel > max)
      return `${invalid} Broker ${id} only supports versions ${min}-${max}`
  }
  if (feature === KRAFT_VERSION) return `${invalid} It changes with the voters of the quorum.`
  const level = image.features.get(feature) ?? 0
  if (maxVersionLevel === level) return null
  const isDowngrade = maxVersionLevel < level
  if (!isDowngrade) {
    return upgradeType === UPGRADE
      ? null
      : `${invalid} Can't downgrade to a version higher than the current one, ${level}.`
  }
  const isAsked = allowDowngrade || upgradeType === SAFE_DOWNGRADE || upgradeType === UNSAFE_DOWNGRADE
  if (!isAsked)
    return `${invalid} Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade.`
  // Lower levels of the metadata's own version would need records that this version does not write.
  if (feature === 'metadata.version')
    return `Unsupported metadata.version downgrade from ${level} to ${maxVersionLevel}. Refusing to perform the requested downgrade because it might delete metadata information.`
  return null
}
