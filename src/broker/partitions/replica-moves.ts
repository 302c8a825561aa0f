/**
 * Moves replicas between the log directories of this broker (KIP-113), one copy for each partition at most.
 *
 * Storage copies; here it is decided whether a move can begin, and the partition is handed its new log when the
 * copy has taken the original's place. A move that fails or is called off leaves the original as it was.
 */
import { errorCode } from '../../protocol/errors.ts'
import { ReplicaMove } from '../../storage/replica-move.ts'
import type { BrokerServices } from '../services.ts'
import type { Partition } from './partition.ts'

export class ReplicaMoves {
  readonly #broker: () => BrokerServices
  readonly #underWay = new Map<Partition, ReplicaMove>()

  constructor(broker: () => BrokerServices) {
    this.#broker = broker
  }

  /** Begins to move a replica to the directory of that path; the answer is 0 or an error code. */
  begin(topic: string, index: number, path: string): number {
    const { logs, partitions } = this.#broker()
    const partition = partitions.byName(topic, index)
    if (typeof partition === 'number') return partition
    if (partition.log.isOffline) return errorCode.KAFKA_STORAGE_ERROR
    const target = logs.directories.find((directory) => directory.path === path)
    if (target === undefined) return errorCode.LOG_DIR_NOT_FOUND
    if (target.isOffline) return errorCode.KAFKA_STORAGE_ERROR
    // A move that is under way to somewhere else is called off by asking for another place.
    this.#underWay.get(partition)?.cancel()
    logs.abandonFuture(topic, index)
    if (partition.log.directoryPath === path) return 0
    if (!logs.createFuture(topic, index, path).ok) return errorCode.KAFKA_STORAGE_ERROR
    this.#copy(partition)
    return 0
  }

  /** Goes on with the copies that an earlier process had begun. */
  resume(): void {
    const { logs, partitions } = this.#broker()
    for (const partition of partitions.all()) {
      if (logs.futureLog(partition.topic, partition.index) !== null) this.#copy(partition)
    }
  }

  #copy(partition: Partition): void {
    const { logs, world } = this.#broker()
    const { topic, index } = partition
    const move = new ReplicaMove(logs, world.clock, topic, index, (outcome) => {
      if (this.#underWay.get(partition) === move) this.#underWay.delete(partition)
      if (outcome.kind === 'moved') {
        partition.replaceLog(outcome.log)
        world.log.info('replica moved', { topic, partition: index, directory: outcome.log.directoryPath })
      } else world.log.warn('replica not moved', { topic, partition: index, reason: outcome.reason })
    })
    this.#underWay.set(partition, move)
    move.start()
  }
}
