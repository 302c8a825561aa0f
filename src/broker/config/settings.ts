/**
 * The values of settings as they hold now on this broker: dynamic before static before default, read from
 * the newest metadata image whenever somebody asks.
 *
 * It also turns a topic's settings into those of its logs. Our durability is stronger than Kafka's until an
 * operator sets `flush.messages` or `flush.ms` (or their broker synonyms) anywhere: then theirs holds.
 */
import {
  brokerDefinition,
  configResourceType,
  topicDefinitions,
} from '../../coordination/configs/definition.ts'
import { relaxesFlushing } from '../../coordination/configs/relaxed-flushing.ts'
import {
  type BrokerConfigLayers,
  type ConfigLookup,
  configSource,
  type ResolvedConfig,
  resolveBrokerConfig,
  resolveTopicConfig,
} from '../../coordination/configs/resolve.ts'
import { booleanValue, listValue, numberValue, textValue } from '../../coordination/configs/typed-value.ts'
import { configsOf, emptyImage, type MetadataImage } from '../../coordination/metadata/image.ts'
import type { LeaderSettings } from '../../coordination/replication/partition-leader.ts'
import type { CompressionType, LogConfig } from '../../storage/log-config.ts'

const NO_CONFIGS: ConfigLookup = new Map<string, string>()

export class Settings {
  readonly #nodeId: number
  readonly #statics: ReadonlyMap<string, string>
  #image: MetadataImage = emptyImage
  #layers: BrokerConfigLayers
  /** What was asked for since a setting changed: some is wanted for every read of a socket, or every fetch. */
  readonly #numbers = new Map<string, number>()
  readonly #known = new Map<string, ResolvedConfig>()
  /** What topics without settings of their own have; made anew when a broker setting changes. */
  #plainTopic: LogConfig | null = null

  constructor(nodeId: number, statics: ReadonlyMap<string, string>) {
    this.#nodeId = nodeId
    this.#statics = statics
    this.#layers = this.#layersOf(emptyImage)
  }

  /** Sees the settings of this image from now on. */
  follow(image: MetadataImage): void {
    if (image.configs === this.#image.configs) return
    this.#image = image
    this.#layers = this.#layersOf(image)
    this.#plainTopic = null
    this.#numbers.clear()
    this.#known.clear()
  }

  get layers(): BrokerConfigLayers {
    return this.#layers
  }

  number(name: string): number {
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    const value = numberValue(this.#resolved(name))
    this.#numbers.set(name, value)
    return value
  }

  boolean(name: string): boolean {
    return booleanValue(this.#resolved(name))
  }

  text(name: string): string | null {
    return textValue(this.#resolved(name))
  }

  list(name: string): readonly string[] {
    return listValue(this.#resolved(name))
  }

  /** A topic's settings as its logs need them. */
  logConfig(topic: string): LogConfig {
    const own = configsOf(this.#image, { type: configResourceType.topic, name: topic })
    if (own.size > 0) return this.#logConfigOf(own)
    this.#plainTopic ??= this.#logConfigOf(NO_CONFIGS)
    return this.#plainTopic
  }

  /** What a leader of the topic's partitions holds to. */
  leaderSettings(topic: string): LeaderSettings {
    const definition = topicDefinitions.get('min.insync.replicas')
    if (definition === undefined) throw new Error('no topic setting is called min.insync.replicas')
    const own = configsOf(this.#image, { type: configResourceType.topic, name: topic })
    return {
      insyncReplicasMin: numberValue(resolveTopicConfig(definition, own, this.#layers)),
      lagMsMax: this.number('replica.lag.time.max.ms'),
    }
  }

  #layersOf(image: MetadataImage): BrokerConfigLayers {
    return {
      dynamic: configsOf(image, { type: configResourceType.broker, name: String(this.#nodeId) }),
      dynamicDefault: configsOf(image, { type: configResourceType.broker, name: '' }),
      static: this.#statics,
    }
  }

  #resolved(name: string): ResolvedConfig {
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const definition = brokerDefinition(name)
    if (definition === undefined) throw new Error(`no broker setting is called ${name}`)
    const resolved = resolveBrokerConfig(definition, this.#layers)
    this.#known.set(name, resolved)
    return resolved
  }

  #logConfigOf(own: ConfigLookup): LogConfig {
    const of = (name: string): ResolvedConfig => {
      const definition = topicDefinitions.get(name)
      if (definition === undefined) throw new Error(`no topic setting is called ${name}`)
      return resolveTopicConfig(definition, own, this.#layers)
    }
    const policies = listValue(of('cleanup.policy'))
    const compression = textValue(of('compression.type')) ?? 'producer'
    return {
      segmentBytes: numberValue(of('segment.bytes')),
      segmentMs: numberValue(of('segment.ms')),
      segmentJitterMs: numberValue(of('segment.jitter.ms')),
      segmentIndexBytes: numberValue(of('segment.index.bytes')),
      indexIntervalBytes: numberValue(of('index.interval.bytes')),
      deletes: policies.includes('delete'),
      compacts: policies.includes('compact'),
      retentionMs: numberValue(of('retention.ms')),
      retentionBytes: numberValue(of('retention.bytes')),
      deleteRetentionMs: numberValue(of('delete.retention.ms')),
      minCompactionLagMs: numberValue(of('min.compaction.lag.ms')),
      maxCompactionLagMs: numberValue(of('max.compaction.lag.ms')),
      minCleanableDirtyRatio: numberValue(of('min.cleanable.dirty.ratio')),
      fileDeleteDelayMs: numberValue(of('file.delete.delay.ms')),
      maxMessageBytes: numberValue(of('max.message.bytes')),
      timestampType:
        textValue(of('message.timestamp.type')) === 'LogAppendTime' ? 'LogAppendTime' : 'CreateTime',
      timestampBeforeMaxMs: numberValue(of('message.timestamp.before.max.ms')),
      timestampAfterMaxMs: numberValue(of('message.timestamp.after.max.ms')),
      compression: compressionOf(compression),
      compressionLevel: compressionLevelOf(compression, of),
      durability: relaxesFlushing(own, this.#layers)
        ? {
            kind: 'operating-system',
            flushMessages: numberValue(of('flush.messages')),
            flushMs: numberValue(of('flush.ms')),
          }
        : { kind: 'group-commit' },
      producerIdExpirationMs: this.number('producer.id.expiration.ms'),
      verifiesTransactions: this.boolean('transaction.partition.verification.enable'),
    }
  }
}

function compressionOf(text: string): CompressionType | 'producer' {
  switch (text) {
    case 'uncompressed':
      return 'none'
    case 'gzip':
    case 'snappy':
    case 'lz4':
    case 'zstd':
      return text
    default:
      return 'producer'
  }
}

function compressionLevelOf(compression: string, of: (name: string) => ResolvedConfig): number | null {
  if (compression !== 'gzip' && compression !== 'lz4' && compression !== 'zstd') return null
  const level = of(`compression.${compression}.level`)
  return level.source === configSource.default ? null : numberValue(level)
}
