/**
 * Keeps the quorum whole: while this node leads it, nodes that should vote and can are made voters (KIP-853, auto join).
 *
 * What the next set is, `coordination/raft/voter-repair.ts` says; here it is asked for, one change at a time, now and
 * then. An operator who takes a voter out stops its node first, or it would come back.
 */
import type { VoterEndpoint } from '../../coordination/raft/message.ts'
import { voterRepair } from '../../coordination/raft/voter-repair.ts'
import type { Timer } from '../../runtime/clock.ts'
import type { World } from '../../runtime/world.ts'
import type { ClusterQuorum } from '../quorum/metadata-quorum.ts'

const LOOK_MS = 250

export class VoterKeeper {
  readonly #quorum: ClusterQuorum
  readonly #world: Pick<World, 'clock' | 'log'>
  readonly #wanted: Map<number, readonly VoterEndpoint[]>
  #timer: Timer | null = null

  /** `configured`: the voters that the configuration names. */
  constructor(
    quorum: ClusterQuorum,
    world: Pick<World, 'clock' | 'log'>,
    configured: ReadonlyMap<number, readonly VoterEndpoint[]>,
  ) {
    this.#quorum = quorum
    this.#world = world
    this.#wanted = new Map(configured)
  }

  /** From now on, whenever this node leads. */
  keep(): void {
    this.#quorum.onLeadership({ lead: () => this.#arm(), resign: () => this.#timer?.cancel() })
  }

  #arm(): void {
    this.#timer?.cancel()
    this.#timer = this.#world.clock.schedule(LOOK_MS, () => void this.#look())
  }

  async #look(): Promise<void> {
    const { voters, observers, highWatermark } = this.#quorum.status
    const next = voterRepair({ voters, observers, highWatermark, wanted: this.#wanted })
    if (next !== null) {
      // Who goes for a lost disk shall come back with the new one, also where only an operator had added it.
      for (const { id, endpoints } of voters) if (!this.#wanted.has(id)) this.#wanted.set(id, endpoints)
      try {
        await this.#quorum.changeVoters(
          next.map(({ id, directoryId, endpoints }) => ({ id, directoryId, endpoints })),
        )
        this.#world.log.info('the voters of the quorum have changed', {
          voters: next.map(({ id }) => id).join(),
        })
      } catch (error) {
        this.#world.log.info('the voters of the quorum cannot be changed yet', { reason: String(error) })
      }
    }
    if (this.#quorum.isActive) this.#arm()
  }
}
