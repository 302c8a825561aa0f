/** Whom the active controller fences, and what becomes of the sessions of those who leave. */
import { describe, expect, it } from 'vitest'
import { ControllerDuties } from '../../../src/broker/controller/controller-duties.ts'
import type {
  ClusterQuorum,
  LeadershipListener,
  MetadataListener,
} from '../../../src/broker/quorum/metadata-quorum.ts'
import type { MetadataImage } from '../../../src/coordination/metadata/image.ts'
import { deltaBetween } from '../../../src/coordination/metadata/image-delta.ts'
import { silentLog } from '../../../src/runtime/log.ts'
import type { Network } from '../../../src/runtime/network.ts'
import { cluster } from '../../coordination/metadata/support.ts'
import { TestClock } from '../../storage/support/world.ts'

const SESSION_MS = 2_500

/** A controller, node 1, of three brokers; its commands fail. */
class Bench {
  readonly clock = new TestClock()
  image: MetadataImage = cluster(null, null, null)
  readonly #listeners: MetadataListener[] = []
  readonly duties: ControllerDuties
  submitted = 0

  constructor() {
    const terms: LeadershipListener[] = []
    const bench = this
    const quorum = {
      get image() {
        return bench.image
      },
      isActive: true,
      submit: () => {
        this.submitted++
        return Promise.reject(new Error('no room'))
      },
      listen: (listener: MetadataListener) => this.#listeners.push(listener),
      onLeaderKnown() {},
      onLeadership: (listener: LeadershipListener) => terms.push(listener),
    } as unknown as ClusterQuorum
    const network = { connect: () => new Promise(() => {}) } as unknown as Network
    const node = { nodeId: 1, statics: new Map<string, string>() }
    this.duties = new ControllerDuties(
      quorum,
      node,
      { clock: this.clock, network, log: silentLog },
      {
        sessionTimeoutMs: () => SESSION_MS,
        rebalances: () => false,
        rebalanceIntervalMs: () => 300_000,
      },
    )
    for (const term of terms) term.lead(1)
  }

  /** The broker's life as it is registered. */
  life(brokerId: number): { brokerId: number; brokerEpoch: bigint } {
    return { brokerId, brokerEpoch: this.image.brokers.get(brokerId)?.epoch ?? -1n }
  }

  async become(image: MetadataImage): Promise<void> {
    const delta = deltaBetween(this.image, image)
    this.image = image
    for (const listener of this.#listeners) await listener(image, delta)
  }
}

describe('the duties of the active controller', () => {
  it('a broker that could not be fenced is tried again, and bars no other process of its id', async () => {
    const bench = new Bench()
    bench.duties.heardOf(bench.life(2))
    const before = bench.submitted
    bench.clock.advance(SESSION_MS + 1)
    await Promise.resolve()
    expect(bench.submitted).toBeGreaterThan(before)
    expect(bench.duties.hasLiveSession(2)).toBe(false)
    const after = bench.submitted
    bench.clock.advance(SESSION_MS + 1)
    expect(bench.submitted).toBeGreaterThan(after)
  })

  it('the session of a broker that is fenced or unregistered is over', async () => {
    for (const how of ['fenced', 'unregistered'] as const) {
      const bench = new Bench()
      const broker = bench.image.brokers.get(2)
      if (broker === undefined) throw new Error('no broker 2')
      bench.duties.heardOf(bench.life(2))
      expect(bench.duties.hasLiveSession(2)).toBe(true)
      const { brokers: all } = bench.image
      const brokers = how === 'fenced' ? all.with(2, { ...broker, fenced: true }) : all.without(2)
      await bench.become({ ...bench.image, brokers })
      expect(bench.duties.hasLiveSession(2)).toBe(false)
    }
  })
})
