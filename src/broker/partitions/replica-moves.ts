/**
 * Moves replicas between the log directories of this broker (KIP-113): copies a log while it is written to,
 * and lets the copy take its place when it has everything.
 *
 * A move that fails or is called off leaves the original as it was. One chunk of each move is under way at a
 * time; what is served comes first.
 */
import { errorCode } from '../../protocol/errors.ts'
import { limits } from '../../runtime/limits.ts'
import type { Log } from '../../storage/log.ts'
import type { BrokerServices } from '../services.ts'
import type { Partition } from './partition.ts'

export class ReplicaMoves {
  readonly #broker: () => BrokerServices

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
    logs.abandonFuture(topic, index)
    if (partition.log.directoryPath === path) return 0
    const created = logs.createFuture(topic, index, path)
    if (!created.ok) return errorCode.KAFKA_STORAGE_ERROR
    this.#copy(partition, created.log)
    return 0
  }

  /** Goes on with the copies that an earlier process had begun. */
  resume(): void {
    const { logs, partitions } = this.#broker()
    for (const partition of partitions.all()) {
      const future = logs.futureLog(partition.topic, partition.index)
      if (future !== null) this.#copy(partition, future)
    }
  }

  #copy(partition: Partition, future: Log): void {
    const { logs, world } = this.#broker()
    const { log } = partition
    if (logs.futureLog(partition.topic, partition.index) !== future) return
    if (future.logEndOffset < log.logStartOffset) {
      future.truncateFullyAndStartAt(log.logStartOffset, () => this.#copy(partition, future))
      return
    }
    if (future.logEndOffset >= log.logEndOffset) {
      this.#promote(partition, future)
      return
    }
    const options = {
      sizeBytesMax: limits.readChunkBytes,
      upperBoundOffset: log.writtenOffset,
      atLeastOneBatch: true,
      skipsEmptyBatches: false,
    }
    log.read(future.logEndOffset, options, (outcome) => {
      if (!outcome.ok) {
        this.#giveUp(partition, outcome.message)
        return
      }
      // The log patches nothing in what a replica appends, but it keeps the memory: so it gets its own.
      const records = Buffer.concat(outcome.buffers)
      outcome.release()
      const problem = records.length === 0 ? null : this.#append(future, records, partition.leaderEpoch)
      if (problem !== null) this.#giveUp(partition, problem)
      else world.clock.schedule(0, () => this.#copy(partition, future))
    })
  }

  #append(future: Log, records: Buffer, leaderEpoch: number): string | null {
    const appended = future.append(records, {
      origin: 'replica',
      leaderEpoch,
      nowMs: this.#broker().world.clock.wallMs(),
    })
    return appended.ok ? null : appended.message
  }

  /** The copy is complete once it is durable and nothing was appended meanwhile. */
  #promote(partition: Partition, future: Log): void {
    const { logs, world } = this.#broker()
    future.whenDurable((durable) => {
      if (!durable) {
        this.#giveUp(partition, 'the copy cannot be made durable')
        return
      }
      if (future.logEndOffset < partition.log.logEndOffset) {
        this.#copy(partition, future)
        return
      }
      const moved = logs.promoteFuture(partition.topic, partition.index)
      if (moved === null) world.clock.schedule(1_000, () => this.#copy(partition, future))
      else {
        partition.replaceLog(moved)
        world.log.info('replica moved', {
          topic: partition.topic,
          partition: partition.index,
          directory: moved.directoryPath,
        })
      }
    })
  }

  #giveUp(partition: Partition, reason: string): void {
    const { logs, world } = this.#broker()
    logs.abandonFuture(partition.topic, partition.index)
    world.log.error('a replica cannot be moved', {
      topic: partition.topic,
      partition: partition.index,
      reason,
    })
  }
}
