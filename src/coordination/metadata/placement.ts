/**
 * Plan: which brokers hold the replicas of new partitions.
 *
 * Replicas of one partition lie on different racks as long as there are racks left, and leaders go to the brokers
 * that lead least, so that clusters of many small topics balance as well as those of few large ones. Fenced brokers
 * come last and never lead while an unfenced one is there. A pure function of its facts: the same facts, the same plan
 * on every node.
 */
import { errorCode } from '../../protocol/errors.ts'
import type { Problem } from '../problem.ts'
import type { BrokerImage, MetadataImage } from './image.ts'

/** A broker as placement sees it. */
export interface PlacementBroker {
  readonly id: number
  readonly rack: string | null
  readonly fenced: boolean
  /** Partitions that it leads, and replicas that it holds, before this plan. */
  readonly leaders: number
  readonly replicas: number
}

/** Replica lists, the preferred leader first; or why there can be none. */
export type Placement =
  | { readonly ok: true; readonly assignments: readonly (readonly number[])[] }
  | { readonly ok: false; readonly problem: Problem }

/** Brokers that may hold replicas: registered, not shutting down, not with every directory cordoned. */
export function placementBrokers(image: MetadataImage): PlacementBroker[] {
  const brokers: PlacementBroker[] = []
  for (const broker of image.brokers.values()) {
    if (isCordoned(broker)) continue
    const load = image.loads.get(broker.id)
    brokers.push({
      id: broker.id,
      rack: broker.rack,
      fenced: broker.fenced || broker.inControlledShutdown,
      leaders: load?.leaders ?? 0,
      replicas: load?.replicas ?? 0,
    })
  }
  return brokers
}

/** Whether a broker takes no new replicas: every directory of it is cordoned (KIP-1066). */
export function isCordoned(broker: BrokerImage): boolean {
  return (
    broker.directories.length > 0 &&
    broker.directories.every((directory) => broker.cordonedDirectories.includes(directory))
  )
}

/** Places `partitions` new partitions of `replicationFactor` replicas each. */
export function placePartitions(
  brokers: readonly PlacementBroker[],
  partitions: number,
  replicationFactor: number,
): Placement {
  const impossible = placementProblem(brokers, replicationFactor)
  if (impossible !== undefined) {
    const errorMessage = `Unable to replicate the partition ${replicationFactor} time(s): ${impossible}`
    return { ok: false, problem: { errorCode: errorCode.INVALID_REPLICATION_FACTOR, errorMessage } }
  }
  const tallies = brokers.map((broker) => ({ ...broker }))
  const assignments: (readonly number[])[] = []
  for (let partition = 0; partition < partitions; partition++) {
    assignments.push(placeOne(tallies, replicationFactor))
  }
  return { ok: true, assignments }
}

function placementProblem(
  brokers: readonly PlacementBroker[],
  replicationFactor: number,
): string | undefined {
  if (replicationFactor > brokers.length) {
    const reason = `because only ${brokers.length} broker(s) are registered`
    return `The target replication factor of ${replicationFactor} cannot be reached ${reason} or some brokers have all their log directories cordoned.`
  }
  if (brokers.every((broker) => broker.fenced)) return 'All brokers are currently fenced.'
  return undefined
}

interface Tally {
  readonly id: number
  readonly rack: string | null
  readonly fenced: boolean
  leaders: number
  replicas: number
}

function placeOne(tallies: readonly Tally[], replicationFactor: number): number[] {
  const chosen: Tally[] = []
  const rackUses = new Map<string, number>()
  for (let position = 0; position < replicationFactor; position++) {
    const isLeader = position === 0
    let best: Tally | undefined
    for (const candidate of tallies) {
      if (chosen.includes(candidate)) continue
      if (best === undefined || isBetter(candidate, best, isLeader, rackUses)) best = candidate
    }
    if (best === undefined) throw new Error('fewer brokers than replicas, which was checked before')
    chosen.push(best)
    if (best.rack !== null) rackUses.set(best.rack, (rackUses.get(best.rack) ?? 0) + 1)
    best.replicas += 1
    if (isLeader) best.leaders += 1
  }
  return chosen.map((broker) => broker.id)
}

/** Whether `candidate` is a better place than `best`; of equals the lower id stays. */
function isBetter(
  candidate: Tally,
  best: Tally,
  isLeader: boolean,
  rackUses: ReadonlyMap<string, number>,
): boolean {
  if (candidate.fenced !== best.fenced) return best.fenced
  const candidateRack = candidate.rack === null ? 0 : (rackUses.get(candidate.rack) ?? 0)
  const bestRack = best.rack === null ? 0 : (rackUses.get(best.rack) ?? 0)
  if (candidateRack !== bestRack) return candidateRack < bestRack
  if (isLeader && candidate.leaders !== best.leaders) return candidate.leaders < best.leaders
  if (candidate.replicas !== best.replicas) return candidate.replicas < best.replicas
  return candidate.id < best.id
}
