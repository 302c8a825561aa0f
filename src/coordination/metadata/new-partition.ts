/**
 * A partition at its birth: who leads it, who is in sync, in which directories its replicas lie.
 *
 * Used by every command that makes partitions; it never chooses the replicas (placement or the client did).
 */

import { errorCode } from '../../protocol/errors.ts'
import { ZERO_UUID } from '../../protocol/uuid.ts'
import type { Problem } from '../problem.ts'
import type { BrokerImage, MetadataImage, PartitionImage } from './image.ts'

/** A replica's directory when its broker shall choose (KIP-858). */
const DIRECTORY_UNASSIGNED = ZERO_UUID

/** Whether a broker may lead and be in sync from the start. */
export function isActive(broker: BrokerImage | undefined): boolean {
  return broker !== undefined && !broker.fenced && !broker.inControlledShutdown
}

/** The partition on `replicas`, led by the first of them that is active; undefined when none is. */
export function newPartition(image: MetadataImage, replicas: readonly number[]): PartitionImage | undefined {
  const isr = replicas.filter((id) => isActive(image.brokers.get(id)))
  const [leader] = isr
  if (leader === undefined) return undefined
  return {
    replicas,
    directories: replicas.map((id) => directoryOn(image.brokers.get(id))),
    isr,
    removingReplicas: [],
    addingReplicas: [],
    eligibleLeaderReplicas: [],
    lastKnownEligibleLeaderReplicas: [],
    leader,
    leaderRecoveryState: 0,
    leaderEpoch: 0,
    partitionEpoch: 0,
  }
}

/** The directory of a new replica on a broker: its only one, or unassigned where the broker must choose. */
export function directoryOn(broker: BrokerImage | undefined): string {
  const [only, ...others] = broker?.directories ?? []
  return only !== undefined && others.length === 0 ? only : DIRECTORY_UNASSIGNED
}

/** Why a client's own list of replicas cannot be used; `factor` is how many every partition must have, if known. */
export function assignmentProblem(
  image: MetadataImage,
  replicas: readonly number[],
  factor: number | undefined,
): Problem | undefined {
  if (replicas.length === 0) return refused('The manual partition assignment includes an empty replica list.')
  const seen = new Set<number>()
  for (const id of [...replicas].sort((a, b) => a - b)) {
    if (!image.brokers.has(id)) {
      return refused(
        `The manual partition assignment includes broker ${id}, but no such broker is registered.`,
      )
    }
    if (seen.has(id)) {
      return refused(`The manual partition assignment includes the broker ${id} more than once.`)
    }
    seen.add(id)
  }
  if (factor !== undefined && replicas.length !== factor) {
    const others = `which have ${factor} replica(s).`
    return refused(
      `The manual partition assignment includes a partition with ${replicas.length} replica(s), but this is not consistent with previous partitions, ${others}`,
    )
  }
  return undefined
}

/** The problem of a list of replicas none of which is active. */
export function nobodyActive(partition: number): Problem {
  return refused(
    `All brokers specified in the manual partition assignment for partition ${partition} are fenced or in controlled shutdown.`,
  )
}

function refused(errorMessage: string): Problem {
  return { errorCode: errorCode.INVALID_REPLICA_ASSIGNMENT, errorMessage }
}
