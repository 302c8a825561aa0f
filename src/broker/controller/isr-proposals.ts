/**
 * Carries the in-sync sets that leaders propose to the active controller, and back what it refuses (AlterPartition).
 *
 * All that is proposed in one turn goes in one request, one request at a time. A proposal whose fate is not known is asked
 * again until it is: taken ones come back with the metadata, and refused ones are told to their leader, only then.
 */
import type { MetadataImage } from '../../coordination/metadata/image.ts'
import { errorCode } from '../../protocol/errors.ts'
import {
  type AlterPartitionRequest,
  type AlterPartitionResponseInput,
  alterPartition,
} from '../../protocol/messages/alter-partition.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Log } from '../../runtime/log.ts'
import type { IsrProposal, PartitionController } from '../partitions/partition-controller.ts'
import { alterPartitionCommand } from './alter-partition-command.ts'
import type { Controller } from './controller.ts'
import { tellLosses } from './told-losses.ts'

/**
 * What became of the proposal stands in metadata that is on its way to the leader. A newer partition epoch is no refusal: it
 * may be this very proposal that made it, when the answer to an earlier attempt was lost.
 */
const TOLD_BY_METADATA: ReadonlySet<number> = new Set([
  0,
  errorCode.NEW_LEADER_ELECTED,
  errorCode.FENCED_LEADER_EPOCH,
  errorCode.INVALID_UPDATE_VERSION,
])

/** How long after a failure everything is asked again. */
const RETRY_MS = 50

type Resignation = Parameters<PartitionController['giveUpLeadership']>[0]

export interface ProposalFacts {
  readonly controller: Pick<Controller, 'call'>
  readonly brokerId: number
  readonly image: () => MetadataImage
  /** -1 until this broker is registered. */
  readonly brokerEpoch: () => bigint
  readonly clock: Clock
  readonly log: Log
}

export class IsrProposals implements PartitionController {
  readonly #facts: ProposalFacts
  /** The newest proposal of each partition: an older one is overruled by it. */
  readonly #waiting = new Map<string, IsrProposal>()
  #sending = false
  #scheduled = false
  #closed = false

  constructor(facts: ProposalFacts) {
    this.#facts = facts
  }

  proposeIsr(proposal: IsrProposal): void {
    this.#waiting.set(keyOf(proposal.topicId, proposal.partition), proposal)
    this.#schedule()
  }

  /** A leader that leaves itself out of the in-sync set asks for another one. */
  giveUpLeadership({ topic, topicId, partition, leaderEpoch, reason }: Resignation): void {
    const { brokerId, image, log } = this.#facts
    // One that is on its way comes first; the leader gives up again while nothing changes.
    if (this.#waiting.has(keyOf(topicId, partition))) return
    const known = image().topics.get(topicId)?.partitions.get(partition)
    if (known === undefined || known.leader !== brokerId || known.leaderEpoch !== leaderEpoch) return
    log.error('leadership is given up', { topic, partition, reason })
    const inSync = known.isr.filter((id) => id !== brokerId)
    // Who is eligible has all that was committed too (KIP-966).
    const others = inSync.length > 0 ? inSync : known.eligibleLeaderReplicas.filter((id) => this.#isAlive(id))
    const isr = others.map((id) => ({ brokerId: id, brokerEpoch: image().brokers.get(id)?.epoch ?? -1n }))
    const refused = (code: number): void => log.error('nobody else can lead', { topic, partition, code })
    const { partitionEpoch } = known
    this.proposeIsr({ topic, topicId, partition, leaderEpoch, partitionEpoch, isr, lost: [], refused })
  }

  #isAlive(id: number): boolean {
    const { brokerId, image } = this.#facts
    return id !== brokerId && image().brokers.get(id)?.fenced === false
  }

  close(): void {
    this.#closed = true
    this.#waiting.clear()
  }

  #schedule(): void {
    if (this.#scheduled || this.#sending || this.#closed) return
    this.#scheduled = true
    this.#facts.clock.endOfTurn(() => {
      this.#scheduled = false
      void this.#send()
    })
  }

  async #send(): Promise<void> {
    if (this.#sending || this.#waiting.size === 0 || this.#closed) return
    this.#sending = true
    const batch = [...this.#waiting.values()]
    this.#waiting.clear()
    const { controller, log } = this.#facts
    try {
      const reply = await controller.call(
        alterPartitionCommand,
        alterPartition.versions.max,
        this.#requestOf(batch),
      )
      this.#settle(batch, reply)
    } catch (error) {
      log.error('in-sync sets cannot be proposed', { reason: String(error) })
      this.#again(batch)
    }
    this.#sending = false
    if (this.#waiting.size > 0) this.#facts.clock.schedule(RETRY_MS, () => this.#schedule())
  }

  #requestOf(batch: readonly IsrProposal[]): AlterPartitionRequest {
    return {
      brokerId: this.#facts.brokerId,
      brokerEpoch: this.#facts.brokerEpoch(),
      topics: [...Map.groupBy(batch, ({ topicId }) => topicId)].map(([topicId, ofTopic]) => ({
        topicId,
        partitions: ofTopic.map(({ partition, leaderEpoch, partitionEpoch, isr, lost }) => ({
          partitionIndex: partition,
          leaderEpoch,
          newIsr: [],
          newIsrWithEpochs: isr,
          leaderRecoveryState: 0,
          partitionEpoch,
          _unknownTaggedFields: tellLosses(lost),
        })),
      })),
    }
  }

  #settle(batch: readonly IsrProposal[], reply: AlterPartitionResponseInput): void {
    // The broker is between two registrations, or no controller has answered: nothing was decided, or nobody knows.
    if (reply.errorCode !== 0) {
      this.#again(batch)
      return
    }
    const codes = new Map<string, number>()
    for (const { topicId, partitions } of reply.topics)
      for (const { partitionIndex, errorCode: code } of partitions)
        codes.set(keyOf(topicId, partitionIndex), code)
    for (const proposal of batch) {
      const code = codes.get(keyOf(proposal.topicId, proposal.partition)) ?? errorCode.UNKNOWN_SERVER_ERROR
      if (code === errorCode.NOT_CONTROLLER) this.#again([proposal])
      else if (!TOLD_BY_METADATA.has(code)) proposal.refused(code)
    }
  }

  #again(batch: readonly IsrProposal[]): void {
    for (const proposal of batch) {
      const key = keyOf(proposal.topicId, proposal.partition)
      if (!this.#waiting.has(key)) this.#waiting.set(key, proposal)
    }
  }
}

function keyOf(topicId: string, partition: number): string {
  return `${topicId}\0${partition}`
}
