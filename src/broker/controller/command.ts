/**
 * What the active controller carries out: one API, wherever the request came from.
 *
 * A command is a pure decision and a few facts about how it is answered; it sees neither connections nor versions. The
 * broker that took the request forwards it to the active controller where that is another node (KIP-590).
 */
import type { NodeFacts } from '../../coordination/metadata/config-layers.ts'
import type { MetadataDecision } from '../../coordination/metadata/decision.ts'
import type { MetadataImage } from '../../coordination/metadata/image.ts'
import type { Fields, StructInput, StructValue } from '../../protocol/schema/field.ts'
import type { Api } from '../../protocol/schema/message.ts'
import type { Random } from '../../runtime/random.ts'
import type { ClusterQuorum } from '../quorum/metadata-quorum.ts'

/** What commands may know of the controller that carries them out. */
export interface ControllerFacts {
  readonly quorum: ClusterQuorum
  readonly node: NodeFacts
  /** The broker that took the request from its client. */
  readonly takenBy: number
  readonly random: Random
  /** Whether this broker has been heard of within its session time-out, by another process than that one. */
  hasLiveSession(brokerId: number): boolean
  /** Whether something answers at that address, as seen from here. */
  canReach(host: string, port: number): Promise<boolean>
  /** A broker in this life has been heard of. */
  heardOf(brokerId: number, brokerEpoch: bigint): void
}

export interface ControllerCommand<Q extends Fields = Fields, R extends Fields = Fields> {
  readonly api: Api<Q, R>
  /** Milliseconds that the request allows, its answer included. */
  readonly timeoutMs: (request: StructValue<Q>) => number
  /** Answers on the active controller, in that version; rejects as `MetadataQuorum.submit` does. */
  readonly carryOut: (
    request: StructValue<Q>,
    facts: ControllerFacts,
    apiVersion: number,
  ) => Promise<StructInput<R>>
  /** The answer that tells of a failure as a whole. */
  readonly refuse: (request: StructValue<Q>, code: number, message: string) => StructInput<R>
}

/** How long a command may take that does not say so itself. */
export const COMMAND_TIMEOUT_MS = 30_000

interface DecidedFacts<Q extends Fields, R extends Fields> {
  readonly decide: (
    image: MetadataImage,
    request: StructValue<Q>,
    facts: ControllerFacts,
    nextOffset: number,
    apiVersion: number,
  ) => MetadataDecision<StructInput<R>>
  readonly refuse: ControllerCommand<Q, R>['refuse']
  readonly timeoutMs?: (request: StructValue<Q>) => number
  /**
   * Answered only when every live broker serves the change, bounded by the request's time-out: what a client made through
   * one node it finds on the next (observed 6).
   */
  readonly servedByAll: boolean
}

/** A command that is one decision. */
export function decided<Q extends Fields, R extends Fields>(
  api: Api<Q, R>,
  { decide, refuse, servedByAll, timeoutMs = () => COMMAND_TIMEOUT_MS }: DecidedFacts<Q, R>,
): ControllerCommand<Q, R> {
  return {
    api,
    refuse,
    timeoutMs,
    async carryOut(request, facts, apiVersion) {
      const { quorum } = facts
      let changes = false
      const reply = await quorum.submit((image, nextOffset) => {
        const decision = decide(image, request, facts, nextOffset, apiVersion)
        changes = decision.records.length > 0
        return decision
      })
      if (servedByAll && changes) {
        await quorum.whenServed(quorum.appliedOffset, () => liveBrokers(quorum.image), timeoutMs(request))
      }
      return reply
    },
  }
}

/** Brokers that clients are sent to. */
function* liveBrokers(image: MetadataImage): Generator<number> {
  for (const broker of image.brokers.values()) if (!broker.fenced) yield broker.id
}

/** A command with its types forgotten, as the registry holds it. */
export function untyped<Q extends Fields, R extends Fields>(
  command: ControllerCommand<Q, R>,
): ControllerCommand {
  // Requests are decoded, and answers encoded, by this very command's API.
  return command as unknown as ControllerCommand
}
