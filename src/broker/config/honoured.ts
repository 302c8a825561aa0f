/**
 * The broker settings of Kafka that have an effect here, beside those that are a topic setting's default.
 *
 * Any other one that an operator writes is named in a warning at the start: a setting that is silently
 * without effect is worse than one that is refused.
 */
import { brokerDefinitions, topicDefinitions } from '../../coordination/configs/definition.ts'

const OWN = [
  'advertised.listeners',
  'auto.create.topics.enable',
  'auto.leader.rebalance.enable',
  'broker.heartbeat.interval.ms',
  'broker.id',
  'broker.rack',
  'broker.session.timeout.ms',
  'connections.max.idle.ms',
  'controller.listener.names',
  'controller.quorum.election.timeout.ms',
  'controller.quorum.fetch.timeout.ms',
  'controller.quorum.voters',
  'cordoned.log.dirs',
  'default.replication.factor',
  'delete.topic.enable',
  'fetch.max.bytes',
  'group.initial.rebalance.delay.ms',
  'group.max.session.timeout.ms',
  'group.max.size',
  'group.min.session.timeout.ms',
  'inter.broker.listener.name',
  'leader.imbalance.check.interval.seconds',
  'listener.security.protocol.map',
  'listeners',
  'log.cleaner.backoff.ms',
  'log.cleaner.enable',
  'log.dir',
  'log.dirs',
  'log.retention.check.interval.ms',
  'max.connections',
  'max.connections.per.ip',
  'max.incremental.fetch.session.cache.slots',
  'metadata.log.max.record.bytes.between.snapshots',
  'metadata.log.max.snapshot.interval.ms',
  'node.id',
  'num.partitions',
  'num.replica.fetchers',
  'offset.metadata.max.bytes',
  'offsets.retention.check.interval.ms',
  'offsets.retention.minutes',
  'offsets.topic.compression.codec',
  'offsets.topic.num.partitions',
  'offsets.topic.replication.factor',
  'offsets.topic.segment.bytes',
  'process.roles',
  'producer.id.expiration.ms',
  'replica.fetch.backoff.ms',
  'replica.fetch.max.bytes',
  'replica.fetch.min.bytes',
  'replica.fetch.response.max.bytes',
  'replica.fetch.wait.max.ms',
  'replica.high.watermark.checkpoint.interval.ms',
  'replica.lag.time.max.ms',
  'replica.selector.class',
  'replica.socket.timeout.ms',
  'security.inter.broker.protocol',
  'socket.request.max.bytes',
  'ssl.client.auth',
  'ssl.endpoint.identification.algorithm',
  'ssl.key.password',
  'ssl.keystore.certificate.chain',
  'ssl.keystore.key',
  'ssl.keystore.location',
  'ssl.keystore.type',
  'ssl.truststore.certificates',
  'ssl.truststore.location',
  'ssl.truststore.type',
  'transaction.partition.verification.enable',
]

/** Our own settings, which Kafka does not know. */
export const ownSettings: ReadonlySet<string> = new Set(['cluster.id', 'observability.listener', 'log.level'])

/** Settings for threads and buffers that this broker has no use for; every sample file has them. */
const WITHOUT_MEANING = new Set([
  'num.io.threads',
  'num.network.threads',
  'num.recovery.threads.per.data.dir',
  'socket.receive.buffer.bytes',
  'socket.send.buffer.bytes',
])

const honoured = new Set([
  ...OWN,
  ...[...topicDefinitions.values()].flatMap((definition) =>
    definition.synonyms.map((synonym) => synonym.name),
  ),
])

/** What a setting of one listener is without its name in front. */
function bare(name: string): string {
  return name.replace(/^listener\.name\.[^.]+\.(?=ssl\.)/, '')
}

/** What to say about a setting that somebody wrote; null when it does what it says. */
export function settingWarning(written: string): string | null {
  const name = bare(written)
  if (honoured.has(name) || ownSettings.has(name)) return null
  if (WITHOUT_MEANING.has(name)) return 'has no meaning here: one event loop does the work'
  if (brokerDefinitions.has(name)) return 'is not supported and has no effect'
  return 'is unknown and has no effect'
}
