/**
 * A broker's life in its cluster: it registers, beats, is unfenced when it has caught up, and leaves in order.
 *
 * One incarnation for each process; the epoch that the controller gives it stands in all that it says to others. A broker
 * that was forgotten or overruled registers again. It never decides whether it is alive: the controller does (KIP-631).
 */
import { supportedFeatures } from '../coordination/metadata/features.ts'
import { errorCode, errorName } from '../protocol/errors.ts'
import { type BrokerHeartbeatResponseInput, brokerHeartbeat } from '../protocol/messages/broker-heartbeat.ts'
import {
  type BrokerRegistrationRequest,
  brokerRegistration,
} from '../protocol/messages/broker-registration.ts'
import type { Timer } from '../runtime/clock.ts'
import { randomUuid } from '../runtime/random.ts'
import type { World } from '../runtime/world.ts'
import type { BrokerConfig } from './config/broker-config.ts'
import type { Endpoint } from './config/endpoints.ts'
import { brokerHeartbeatCommand, brokerRegistrationCommand } from './controller/broker-life-commands.ts'
import type { Controller } from './controller/controller.ts'
import { tellFlushing } from './controller/told-flushing.ts'
import type { ClusterQuorum } from './quorum/metadata-quorum.ts'

const PLAINTEXT = 0
/** Between two tries while no controller takes the registration. */
const REGISTRATION_RETRY_MS = 50
/** Between two heartbeats of a broker that waits to be unfenced, or to be let go. */
const IMPATIENT_MS = 20

export interface LifeFacts {
  readonly config: BrokerConfig
  readonly quorum: ClusterQuorum
  readonly controller: Controller
  readonly world: Pick<World, 'clock' | 'random' | 'log'>
  readonly opened: readonly Endpoint[]
  readonly directoryIds: readonly string[]
  /** Epoch of the life that was stopped in order before this one; -1 when there was none. */
  readonly previousBrokerEpoch: bigint
  /** Directories that shall take no new replicas now. */
  readonly cordonedDirectoryIds: () => readonly string[]
  /** `broker.heartbeat.interval.ms` */
  readonly heartbeatIntervalMs: () => number
}

export class BrokerLifecycle {
  readonly #facts: LifeFacts
  readonly #incarnationId: string
  #epoch = -1n
  #fenced = true
  #phase: 'living' | 'leaving' | 'gone' = 'living'
  #timer: Timer | null = null
  #wakeUp: (() => void) | null = null
  #unfenced: (() => void)[] = []
  #ended: Promise<void> = Promise.resolve()

  constructor(facts: LifeFacts) {
    this.#facts = facts
    this.#incarnationId = randomUuid(facts.world.random)
  }

  /** What the controller calls this life; -1 before it is registered. */
  get epoch(): bigint {
    return this.#epoch
  }

  /** Registers, and resolves when clients may be sent here. Rejects with a sentence for people when it never will. */
  async join(): Promise<void> {
    await this.#register()
    const unfenced = new Promise<void>((resolve) => this.#unfenced.push(resolve))
    this.#ended = this.#live()
    await unfenced
  }

  /** Hands over what it leads; resolves when the controller lets it go, or after `withinMs`. */
  async leave(withinMs: number): Promise<void> {
    if (this.#phase !== 'living') return
    this.#phase = this.#epoch === -1n || this.#fenced ? 'gone' : 'leaving'
    const { clock } = this.#facts.world
    const deadline = clock.schedule(withinMs, () => {
      this.#phase = 'gone'
      this.#wake()
    })
    this.#wake()
    await this.#ended
    deadline.cancel()
  }

  /** The controller is another one now, or this broker has something to tell it. */
  beatSoon(): void {
    this.#wake()
  }

  async #live(): Promise<void> {
    while (this.#phase !== 'gone') {
      const reply = await this.#beat()
      const isLetGo = reply.shouldShutDown === true || reply.errorCode === errorCode.REQUEST_TIMED_OUT
      if (isLetGo && this.#phase === 'leaving') this.#phase = 'gone'
      else if (this.#isForgotten(reply.errorCode)) await this.#register()
      else await this.#pause(this.#isImpatient() ? IMPATIENT_MS : this.#facts.heartbeatIntervalMs())
    }
  }

  #isImpatient(): boolean {
    return this.#fenced || this.#phase === 'leaving'
  }

  #isForgotten(code: number): boolean {
    return code === errorCode.STALE_BROKER_EPOCH || code === errorCode.BROKER_ID_NOT_REGISTERED
  }

  async #beat(): Promise<BrokerHeartbeatResponseInput> {
    const { controller, config, quorum, cordonedDirectoryIds } = this.#facts
    const reply = await controller.call(brokerHeartbeatCommand, brokerHeartbeat.versions.max, {
      brokerId: config.nodeId,
      brokerEpoch: this.#epoch,
      currentMetadataOffset: BigInt(quorum.appliedOffset - 1),
      wantFence: false,
      wantShutDown: this.#phase === 'leaving',
      offlineLogDirs: [],
      cordonedLogDirs: cordonedDirectoryIds(),
    })
    if (reply.errorCode === 0) this.#noteFence(reply.isFenced ?? true)
    return reply
  }

  #noteFence(isFenced: boolean): void {
    if (isFenced !== this.#fenced && this.#phase === 'living')
      this.#facts.world.log.info(isFenced ? 'this broker is fenced' : 'this broker is unfenced', {
        epoch: this.#epoch,
      })
    this.#fenced = isFenced
    if (isFenced) return
    for (const resolve of this.#unfenced) resolve()
    this.#unfenced = []
  }

  async #register(): Promise<void> {
    const { controller, world } = this.#facts
    for (let told = false; this.#phase === 'living'; ) {
      const reply = await controller.call(
        brokerRegistrationCommand,
        brokerRegistration.versions.max,
        this.#registration(),
      )
      if (reply.errorCode === 0) {
        this.#epoch = reply.brokerEpoch ?? -1n
        return
      }
      if (isFinal(reply.errorCode))
        throw new Error(`the registration was refused: ${errorName(reply.errorCode)}`)
      if (!told)
        world.log.warn('no controller registers this broker yet', { reason: errorName(reply.errorCode) })
      told = true
      await this.#pause(REGISTRATION_RETRY_MS)
    }
  }

  #registration(): BrokerRegistrationRequest {
    const { config, quorum, opened, directoryIds, previousBrokerEpoch } = this.#facts
    return {
      brokerId: config.nodeId,
      clusterId: quorum.clusterId,
      incarnationId: this.#incarnationId,
      listeners: opened.map((endpoint) => {
        const told = config.advertised.get(endpoint.name) ?? endpoint
        const host = told.host === '' ? 'localhost' : told.host
        return { name: endpoint.name, host, port: told.port, securityProtocol: PLAINTEXT }
      }),
      features: supportedFeatures.map(({ name, min, max }) => ({
        name,
        minSupportedVersion: min,
        maxSupportedVersion: max,
      })),
      rack: config.rack,
      isMigratingZkBroker: false,
      logDirs: directoryIds,
      previousBrokerEpoch,
      _unknownTaggedFields: tellFlushing(config.statics),
    }
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wakeUp = resolve
      this.#timer = this.#facts.world.clock.schedule(delayMs, () => this.#wake())
    })
  }

  #wake(): void {
    this.#timer?.cancel()
    const wakeUp = this.#wakeUp
    this.#wakeUp = null
    wakeUp?.()
  }
}

/** No later try will be taken: the cluster is another one, or cannot use this version. */
function isFinal(code: number): boolean {
  return (
    code === errorCode.INCONSISTENT_CLUSTER_ID ||
    code === errorCode.INVALID_REGISTRATION ||
    code === errorCode.UNSUPPORTED_VERSION
  )
}
