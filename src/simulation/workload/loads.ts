/**
 * The loads of one seed: some always run, of the others the seed says which (swarm testing).
 *
 * Every load has a client and a stream of chances of its own, so that one more or less changes no other.
 */
import type { Cluster } from '../../client/cluster.ts'
import { EARLIEST } from '../../client/fetcher.ts'
import type { History } from '../history.ts'
import type { FaultAtlas } from '../nemesis/fault-atlas.ts'
import type { Simulation } from '../simulation.ts'
import { CommittingGroup } from './committing-group.ts'
import { Cutter } from './cutter.ts'
import { EndWatcher } from './end-watcher.ts'
import { KeyedWriter } from './keyed-writer.ts'
import { Mover } from './mover.ts'
import { NodeChanger } from './node-changer.ts'
import { NumberedWriter, type WriterOptions } from './numbered-writer.ts'
import { PipelinedWriter } from './pipelined-writer.ts'
import { TailReader } from './tail-reader.ts'
import { TeamMember } from './team.ts'
import { TopicAdmin } from './topic-admin.ts'
import { type SimulatedTopic, TOPIC } from './topics.ts'

export interface Load {
  /** Of its kind. */
  readonly name: string
  /** It goes on when the others have ended, until everything is read. */
  readonly isReader: boolean
  /** Resolves when nothing of it is under way any more, some time after that is over. */
  run(isOver: () => boolean): Promise<void>
}

export const GROUP = 'group'
const TEAM = 'team'
const ON_SHARE = 0.35
const CHANGED_SHARE = 0.25
/** With fewer there is nobody who could be missed. */
const CHANGED_NODES_MIN = 3
const MOVED_AMONG = 3
const RETRY_MS = { none: 0, some: 1_500, enough: 60_000 } as const
const PATIENT = { acks: -1, idempotent: true, patience: 'enough' } as const
/** What it was acknowledged may be lost with the leader. */
const CARELESS = { acks: 1, idempotent: false, patience: 'none' } as const
const WRITERS: readonly Pick<WriterOptions, 'acks' | 'idempotent' | 'patience'>[] = [
  PATIENT,
  PATIENT,
  { acks: -1, idempotent: false, patience: 'none' },
  { acks: -1, idempotent: true, patience: 'some' },
  CARELESS,
  { acks: 0, idempotent: false, patience: 'none' },
]

/** Makes the clients and chances of loads, by name. */
class Loads {
  readonly #simulation: Simulation
  readonly #history: History
  /** Nodes that shall get nothing new. */
  readonly #leaving = new Set<number>()

  constructor(simulation: Simulation, history: History) {
    this.#simulation = simulation
    this.#history = history
  }

  #client(name: string, patience: keyof typeof RETRY_MS): Cluster {
    const timeouts = { requestTimeoutMs: 2_000, connectTimeoutMs: 1_000 }
    return this.#simulation.client(name, { retryMs: RETRY_MS[patience], ...timeouts })
  }

  #random(name: string) {
    return this.#simulation.random.stream(name)
  }

  writer(name: string, options: Omit<WriterOptions, 'name'>): Load {
    const client = this.#client(name, options.patience)
    const writer = new NumberedWriter(client, this.#history, this.#random(name), { name, ...options })
    return named(`writer with acks=${options.acks}${options.idempotent ? ', idempotent' : ''}`, writer)
  }

  pipelinedWriter(name: string, topic: string, partition: number): Load {
    const client = this.#client(name, 'some')
    const where = { name, topic, partition }
    return named(
      'writer with five under way',
      new PipelinedWriter(client, this.#history, this.#random(name), where),
    )
  }

  /** A reader and one who asks where it begins and ends. */
  readers({ name, partitions, policy }: SimulatedTopic): readonly Load[] {
    const resetTo = policy === 'brief' ? EARLIEST : null
    const reader = new TailReader(this.#client(`reader of ${name}`, 'enough'), this.#history, {
      name: `reader of ${name}`,
      topic: name,
      partitions,
      resetTo,
    })
    const ends = `ends of ${name}`
    const watcher = new EndWatcher(
      this.#client(ends, 'none'),
      this.#history,
      this.#random(ends),
      name,
      partitions,
    )
    return [named('reader', reader), named('watcher of ends', watcher)]
  }

  committingGroup(): Load {
    const client = this.#client('groups', 'none')
    return named(
      'group without members',
      new CommittingGroup(client, this.#history, this.#random('groups'), GROUP, TOPIC),
    )
  }

  member(name: string): Load {
    const client = this.#client(name, 'some')
    return named('member of a group', new TeamMember(client, this.#history, this.#random(name), TEAM, TOPIC))
  }

  topicAdmin(name: string): Load {
    const admin = new TopicAdmin(this.#client(name, 'none'), this.#history, this.#random(name), name)
    return named('administrator of topics', admin)
  }

  mover(topic: string): Load {
    const nodes = (): readonly number[] => {
      const staying = this.#simulation.nodes.filter(({ id }) => !this.#leaving.has(id))
      return staying.slice(0, MOVED_AMONG).map(({ id }) => id)
    }
    return named(
      'mover of replicas',
      new Mover(this.#client('mover', 'none'), this.#random('mover'), topic, nodes),
    )
  }

  nodeChanger(atlas: FaultAtlas): Load {
    const world = { simulation: this.#simulation, atlas, leaving: this.#leaving }
    const changer = new NodeChanger(this.#client('operator', 'none'), this.#random('operator'), world)
    return named('changer of nodes', changer)
  }

  keyedWriter(name: string, topic: string, acks: 1 | -1): Load {
    const client = this.#client(name, acks === -1 ? 'enough' : 'none')
    const writer = new KeyedWriter(client, this.#history, this.#random(name), { name, topic, acks })
    return named(`writer of keys with acks=${acks}`, writer)
  }

  cutter(topic: string): Load {
    return named(
      'cutter of records',
      new Cutter(this.#client('cutter', 'none'), this.#history, this.#random('cutter'), topic),
    )
  }
}

function named(name: string, load: Pick<Load, 'run'>): Load {
  return { name, isReader: load instanceof TailReader, run: (isOver) => load.run(isOver) }
}

export function loadsOf(
  simulation: Simulation,
  history: History,
  topics: readonly SimulatedTopic[],
  atlas: FaultAtlas,
): readonly Load[] {
  const loads = new Loads(simulation, history)
  const drawn = simulation.random.stream('loads')
  const changesNodes =
    simulation.nodes.length >= CHANGED_NODES_MIN &&
    simulation.random.stream('node changes').chance(CHANGED_SHARE)
  return [
    loads.committingGroup(),
    ...(drawn.chance(ON_SHARE) ? ['m0', 'm1', 'm2'].map((name) => loads.member(name)) : []),
    ...(drawn.chance(ON_SHARE) ? ['blue', 'red'].map((name) => loads.topicAdmin(name)) : []),
    ...topics.flatMap((topic) => loadsOn(topic, loads)),
    ...(changesNodes ? [loads.nodeChanger(atlas)] : []),
  ]
}

function loadsOn(topic: SimulatedTopic, loads: Loads): readonly Load[] {
  const { name, partitions, policy } = topic
  switch (policy) {
    case 'plain':
      return [
        ...WRITERS.map((options, index) =>
          loads.writer(`w${index}`, { topic: name, partition: index % partitions, ...options }),
        ),
        loads.pipelinedWriter('wp', name, 0),
        ...loads.readers(topic),
      ]
    case 'wandering':
      return [
        loads.writer('wm', { topic: name, partition: 0, ...PATIENT }),
        ...loads.readers(topic),
        loads.mover(name),
      ]
    case 'brief':
      return [
        loads.writer('wn', { topic: name, partition: 0, ...PATIENT }),
        loads.writer('wo', { topic: name, partition: 0, ...CARELESS }),
        ...loads.readers(topic),
        loads.cutter(name),
      ]
    case 'compacted':
      return [loads.keyedWriter('keys', name, -1), loads.keyedWriter('keys of one', name, 1)]
  }
}
