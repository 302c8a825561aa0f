/**
 * The loads of one seed: some always run, of the others the seed says which (swarm testing).
 *
 * Every load has a client and a stream of chances of its own, so that one more or less changes no other.
 */
import type { Cluster } from '../../client/cluster.ts'
import type { History } from '../history.ts'
import type { Simulation } from '../simulation.ts'
import { CommittingGroup } from './committing-group.ts'
import { EndWatcher } from './end-watcher.ts'
import { NumberedWriter, type WriterOptions } from './numbered-writer.ts'
import { TailReader } from './tail-reader.ts'
import { TeamMember } from './team.ts'

export interface Load {
  /** Resolves when nothing of it is under way any more, some time after that is over. */
  run(isOver: () => boolean): Promise<void>
}

export const TOPIC = 'orders'
export const PARTITIONS = 2
export const GROUP = 'group'

const TEAM = 'team'
const ON_SHARE = 0.4
const RETRY_MS = { none: 0, some: 1_500, enough: 60_000 } as const
const WRITERS: readonly Pick<WriterOptions, 'acks' | 'idempotent' | 'patience'>[] = [
  { acks: -1, idempotent: true, patience: 'enough' },
  { acks: -1, idempotent: true, patience: 'enough' },
  { acks: -1, idempotent: false, patience: 'none' },
  { acks: -1, idempotent: true, patience: 'some' },
  { acks: 1, idempotent: false, patience: 'none' },
  { acks: 0, idempotent: false, patience: 'none' },
]

export function loadsOf(simulation: Simulation, history: History): readonly Load[] {
  const clientOf = (name: string, patience: keyof typeof RETRY_MS): Cluster =>
    simulation.client(name, {
      retryMs: RETRY_MS[patience],
      requestTimeoutMs: 2_000,
      connectTimeoutMs: 1_000,
    })
  const randomOf = (name: string) => simulation.random.stream(name)
  const writers = WRITERS.map((options, index) => {
    const name = `w${index}`
    const where = { name, topic: TOPIC, partition: index % PARTITIONS }
    return new NumberedWriter(clientOf(name, options.patience), history, randomOf(name), {
      ...where,
      ...options,
    })
  })
  const team = ['m0', 'm1', 'm2'].map(
    (name) => new TeamMember(clientOf(name, 'some'), history, randomOf(name), TEAM, TOPIC),
  )
  const drawn = simulation.random.stream('loads')
  return [
    ...writers,
    ...(drawn.chance(ON_SHARE) ? team : []),
    new TailReader(clientOf('reader', 'enough'), history, 'reader', TOPIC, PARTITIONS),
    new EndWatcher(clientOf('ends', 'none'), history, randomOf('ends'), TOPIC, PARTITIONS),
    new CommittingGroup(clientOf('groups', 'none'), history, randomOf('groups'), GROUP, TOPIC),
  ]
}
