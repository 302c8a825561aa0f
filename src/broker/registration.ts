/**
 * How this broker makes itself known to its quorum at the start: the features of a new cluster, its own
 * registration under a new incarnation, and the end of its fence.
 */
import { bootstrapRecords } from '../coordination/metadata/decide/bootstrap.ts'
import { decideBrokerHeartbeat } from '../coordination/metadata/decide/broker-heartbeat.ts'
import { decideRegisterBroker } from '../coordination/metadata/decide/register-broker.ts'
import { supportedFeatures } from '../coordination/metadata/features.ts'
import { errorName } from '../protocol/errors.ts'
import type { BrokerRegistrationRequest } from '../protocol/messages/broker-registration.ts'
import type { Log } from '../runtime/log.ts'
import { type Random, randomUuid } from '../runtime/random.ts'
import type { BrokerConfig } from './config/broker-config.ts'
import type { Endpoint } from './config/endpoints.ts'
import type { MetadataQuorum } from './quorum/metadata-quorum.ts'

const PLAINTEXT = 0

function registrationRequest(
  config: BrokerConfig,
  clusterId: string,
  opened: readonly Endpoint[],
  directoryIds: readonly string[],
  random: Random,
): BrokerRegistrationRequest {
  return {
    brokerId: config.nodeId,
    clusterId,
    incarnationId: randomUuid(random),
    listeners: opened.map((endpoint) => {
      const told = config.advertised.get(endpoint.name) ?? endpoint
      return {
        name: endpoint.name,
        host: told.host === '' ? 'localhost' : told.host,
        port: told.port,
        securityProtocol: PLAINTEXT,
      }
    }),
    features: supportedFeatures.map(({ name, min, max }) => ({
      name,
      minSupportedVersion: min,
      maxSupportedVersion: max,
    })),
    rack: config.rack,
    isMigratingZkBroker: false,
    logDirs: directoryIds,
    previousBrokerEpoch: -1n,
  }
}

/**
 * Lowers features that an earlier cluster (a Kafka whose folders we open) had finalized above what is served here:
 * clients change what they do by these levels, so a level that is not true must not stand. Each is told.
 */
async function lowerFeatures(quorum: MetadataQuorum, log: Log): Promise<void> {
  const tooHigh = supportedFeatures.filter(({ name, max }) => (quorum.image.features.get(name) ?? 0) > max)
  if (tooHigh.length === 0) return
  for (const { name, max } of tooHigh)
    log.warn('a feature is lowered to what is served', {
      feature: name,
      from: quorum.image.features.get(name),
      to: max,
    })
  await quorum.submit(() => ({
    records: tooHigh.map(({ name, max }) => ({
      type: 'FeatureLevelRecord' as const,
      value: { name, featureLevel: max },
    })),
    reply: null,
  }))
}

/** Registers and unfences this broker; the answer is its broker epoch. Rejects with what the quorum said. */
export async function registerBroker(
  quorum: MetadataQuorum,
  config: BrokerConfig,
  opened: readonly Endpoint[],
  directoryIds: readonly string[],
  random: Random,
  log: Log,
): Promise<bigint> {
  if (quorum.image.features.size === 0)
    await quorum.submit(() => ({ records: bootstrapRecords(), reply: null }))
  await lowerFeatures(quorum, log)
  const request = registrationRequest(config, quorum.clusterId, opened, directoryIds, random)
  const registered = await quorum.submit((image, nextOffset) =>
    decideRegisterBroker(image, request, {
      clusterId: quorum.clusterId,
      nextOffset: BigInt(nextOffset),
      hasLiveSession: false,
      nodeId: config.nodeId,
      statics: config.statics,
    }),
  )
  if (registered.errorCode !== 0)
    throw new Error(`the registration was refused: ${errorName(registered.errorCode)}`)
  const { brokerEpoch = -1n } = registered
  const heartbeat = await quorum.submit((image, nextOffset) =>
    decideBrokerHeartbeat(image, {
      brokerId: config.nodeId,
      brokerEpoch,
      currentMetadataOffset: BigInt(nextOffset),
      wantFence: false,
      wantShutDown: false,
      offlineLogDirs: [],
      cordonedLogDirs: null,
    }, config),
  )
  if (heartbeat.errorCode !== 0) throw new Error(`the broker stays fenced: ${errorName(heartbeat.errorCode)}`)
  return brokerEpoch
}
