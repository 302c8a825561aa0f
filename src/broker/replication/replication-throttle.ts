/**
 * How many bytes a second replicas that catch up may copy (KIP-73): the throttled ones of a topic, named by partition
 * and broker, share one rate for each side, leader and follower.
 *
 * A bucket of one second's bytes: it may be overdrawn by one answer, then all wait until it is filled again. Replicas
 * in sync are never held. The settings are those that stand in the metadata image, for no file can give them.
 */
import { configsOf, type MetadataImage } from '../../coordination/metadata/image.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Partition } from '../partitions/partition.ts'

const TOPIC = 2
const BROKER = 4
const ALL = 'all'

/** Partitions of a topic that are throttled here. */
type Throttled = ReadonlySet<number> | typeof ALL

/** Reads `partition:broker,…`, `*` for all, for one broker. */
export function throttledPartitions(text: string, brokerId: number): Throttled {
  if (text.trim() === '*') return ALL
  const partitions = new Set<number>()
  for (const entry of text.split(',')) {
    const [partition, broker] = entry.trim().split(':')
    if (partition !== undefined && partition !== '' && Number(broker) === brokerId)
      partitions.add(Number(partition))
  }
  return partitions
}

export class ReplicationThrottle {
  readonly #side: 'leader' | 'follower'
  readonly #nodeId: number
  readonly #clock: Clock
  readonly #byTopic = new Map<string, Throttled>()
  #configs: MetadataImage['configs'] | null = null
  #image: MetadataImage | null = null
  #bytesPerSecond = Number.POSITIVE_INFINITY
  #tokens = 0
  #filledMs = 0

  constructor(side: 'leader' | 'follower', nodeId: number, clock: Clock) {
    this.#side = side
    this.#nodeId = nodeId
    this.#clock = clock
  }

  /** Sees the settings of this image from now on. */
  follow(image: MetadataImage): void {
    if (image.configs === this.#configs) return
    this.#configs = image.configs
    this.#image = image
    this.#byTopic.clear()
    const name = `${this.#side}.replication.throttled.rate`
    const text =
      configsOf(image, { type: BROKER, name: String(this.#nodeId) }).get(name) ??
      configsOf(image, { type: BROKER, name: '' }).get(name)
    const rate = text === undefined ? Number.POSITIVE_INFINITY : Math.max(1, Number(text))
    if (rate === this.#bytesPerSecond) return
    this.#bytesPerSecond = rate
    this.#tokens = rate
    this.#filledMs = this.#clock.monotonicMs()
  }

  /** Whether copying that partition has to wait now. `replica` is the one that copies. */
  mustWait(partition: Partition, replica: number): boolean {
    if (this.#bytesPerSecond === Number.POSITIVE_INFINITY) return false
    return this.#counts(partition, replica) && this.freeInMs > 0
  }

  /** Milliseconds until something may be copied again; 0 when it may. */
  get freeInMs(): number {
    if (this.#bytesPerSecond === Number.POSITIVE_INFINITY) return 0
    this.#fill()
    return this.#tokens > 0 ? 0 : Math.ceil(((1 - this.#tokens) / this.#bytesPerSecond) * 1_000)
  }

  /** So many bytes of that partition were copied by `replica`. */
  copied(partition: Partition, replica: number, sizeBytes: number): void {
    if (this.#bytesPerSecond === Number.POSITIVE_INFINITY || !this.#counts(partition, replica)) return
    this.#fill()
    this.#tokens -= sizeBytes
  }

  #counts(partition: Partition, replica: number): boolean {
    if (partition.assigned.isr.includes(replica)) return false
    const throttled = this.#throttledOf(partition.topic)
    return throttled === ALL || throttled.has(partition.index)
  }

  #throttledOf(topic: string): Throttled {
    const known = this.#byTopic.get(topic)
    if (known !== undefined) return known
    const name = `${this.#side}.replication.throttled.replicas`
    const configs = this.#image === null ? undefined : configsOf(this.#image, { type: TOPIC, name: topic })
    const throttled = throttledPartitions(configs?.get(name) ?? '', this.#nodeId)
    this.#byTopic.set(topic, throttled)
    return throttled
  }

  #fill(): void {
    const nowMs = this.#clock.monotonicMs()
    const gained = ((nowMs - this.#filledMs) / 1_000) * this.#bytesPerSecond
    this.#tokens = Math.min(this.#bytesPerSecond, this.#tokens + gained)
    this.#filledMs = nowMs
  }
}
