/**
 * Puts the parts of a node together: who gets what of whom. It starts nothing and decides nothing.
 */
import { limits } from '../runtime/limits.ts'
import type { MetricsRegistry } from '../runtime/metrics.ts'
import type { World } from '../runtime/world.ts'
import type { BrokerStorage } from './broker-storage.ts'
import type { BrokerConfig } from './config/broker-config.ts'
import type { Settings } from './config/settings.ts'
import { controllerCommands } from './controller/commands.ts'
import { Controller } from './controller/controller.ts'
import { ControllerDuties } from './controller/controller-duties.ts'
import { IsrProposals } from './controller/isr-proposals.ts'
import { VoterKeeper } from './controller/voter-keeper.ts'
import { FetchSessions } from './fetch/fetch-sessions.ts'
import { GroupCoordinators } from './groups/group-coordinators.ts'
import { handlers } from './handlers/index.ts'
import { LeaderDoubts } from './leader-doubts.ts'
import { PartitionRegistry } from './partitions/partition-registry.ts'
import { ReplicaMoves } from './partitions/replica-moves.ts'
import { ProducerIds } from './producer-ids.ts'
import type { ClusterQuorum } from './quorum/metadata-quorum.ts'
import { ReplicaFetchers } from './replication/replica-fetchers.ts'
import type { BrokerServices } from './services.ts'

/** How long a node that shall vote has to take a connection. */
const REACH_MS = 3_000

export interface NodeFacts {
  readonly config: BrokerConfig
  readonly world: World
  readonly metrics: MetricsRegistry
  readonly settings: Settings
  readonly storage: BrokerStorage
  readonly quorum: ClusterQuorum
}

export interface BrokerParts {
  readonly services: BrokerServices
  /** Ends what asks others: replica fetchers and proposals. */
  close(): void
}

/** `brokerEpoch` tells this broker's life; -1 until it is registered. */
export function assembleParts(facts: NodeFacts, brokerEpoch: () => bigint): BrokerParts {
  const { config, world, metrics, settings, storage, quorum } = facts
  const controller = controllerOf(facts)
  const proposals = new IsrProposals({
    controller,
    image: () => quorum.image,
    brokerId: config.nodeId,
    brokerEpoch,
    clock: world.clock,
    log: world.log,
  })
  const leaderDoubts = new LeaderDoubts(config.nodeId, world.clock)
  quorum.onPeerLost((nodeId) => leaderDoubts.beginBriefly(nodeId))
  const fetchers = new ReplicaFetchers({
    nodeId: config.nodeId,
    world,
    settings,
    metrics,
    brokerEpoch,
    interBrokerListener: () => config.interBrokerListener,
    leaderDoubts,
  })
  const services: BrokerServices = {
    world,
    config,
    metrics,
    settings,
    handlers,
    quorum,
    controller,
    partitions: new PartitionRegistry(config.nodeId, storage.logs, settings, world.clock, metrics, {
      controller: proposals,
      following: fetchers,
    }),
    logs: storage.manager,
    moves: new ReplicaMoves(() => services),
    producerIds: new ProducerIds(() => services),
    groups: new GroupCoordinators(() => services),
    leaderDoubts,
    fetchSessions: new FetchSessions(world.random, () =>
      Math.min(limits.fetchSessionsMax, settings.number('max.incremental.fetch.session.cache.slots')),
    ),
  }
  return {
    services,
    close() {
      proposals.close()
      fetchers.stop()
      services.partitions.stop()
    },
  }
}

function controllerOf({ config, world, settings, quorum }: NodeFacts): Controller {
  const node = { nodeId: config.nodeId, statics: config.statics }
  const duties = new ControllerDuties(quorum, node, world, {
    sessionTimeoutMs: () => settings.number('broker.session.timeout.ms'),
    rebalances: () => settings.boolean('auto.leader.rebalance.enable'),
    rebalanceIntervalMs: () => settings.number('leader.imbalance.check.interval.seconds') * 1_000,
  })
  const { voters, listenerName } = config.quorum
  if (voters.length > 1) {
    const configured = voters.map(({ id, host, port }) => [id, [{ name: listenerName, host, port }]] as const)
    new VoterKeeper(quorum, world, new Map(configured)).keep()
  }
  quorum.onPeerLost((nodeId) => duties.connectionLost(nodeId))
  return new Controller(
    {
      quorum,
      node,
      random: world.random,
      canReach: (host, port) => world.peers.isListening({ host, port }, REACH_MS),
      hasLiveSession: (brokerId) => duties.hasLiveSession(brokerId),
      heardOf: (brokerId, brokerEpoch) => duties.heardOf({ brokerId, brokerEpoch }),
    },
    controllerCommands,
    world.log,
  )
}
