/**
 * Bugs to plant, one line each, in code that promises something: what the simulator is measured by.
 */

export interface Mutation {
  readonly name: string
  readonly file: string
  /** Stands in the file exactly once. */
  readonly from: string
  readonly to: string
}

export const mutations: readonly Mutation[] = [
  {
    name: 'a segment is not synced',
    file: 'src/storage/log-syncer.ts',
    from: '    file.sync((error) => {',
    to: '    this.#state.environment.clock.endOfTurn(() => { const error: DiskError | null = null as DiskError | null',
  },
  {
    name: 'names of new segments are not synced',
    file: 'src/storage/log-syncer.ts',
    from: '    if (names) jobs.push(',
    to: '    if (names && folder) jobs.push(',
  },
  {
    name: 'acks=all waits for nobody',
    file: 'src/broker/partitions/partition.ts',
    from: '    else if (this.#log.highWatermark >= ack.endOffset) ack.settle(0)',
    to: '    else if (this.#log.writtenOffset >= ack.endOffset || ack.endOffset > 0) ack.settle(0)',
  },
  {
    name: 'the high watermark counts one follower only',
    file: 'src/coordination/replication/partition-leader.ts',
    from: '      lowest = Math.min(lowest, endOffset)\n',
    to: '      lowest = Math.min(lowest, endOffset)\n      break\n',
  },
  {
    name: 'the high watermark counts the leader only',
    file: 'src/coordination/replication/partition-leader.ts',
    from: '      if (!this.#isWaitedFor(replica)) continue\n',
    to: '      if (replica >= 0) continue\n',
  },
  {
    name: 'a follower tells as persisted what is only written',
    file: 'src/broker/replication/followed-partition.ts',
    from: '      persistedOffset: Math.min(log.persistedOffset, log.logEndOffset),',
    to: '      persistedOffset: log.logEndOffset,',
  },
  {
    name: 'consumers read to the log end',
    file: 'src/broker/fetch/partition-fetch.ts',
    from: '          : log.highWatermark\n',
    to: '          : log.writtenOffset\n',
  },
  {
    name: 'a vote is not synced',
    file: 'src/storage/atomic-file.ts',
    from: '    if (syncs) file.syncSync()',
    to: '    if (syncs && path.length === 0) file.syncSync()',
  },
  {
    name: 'duplicates are not recognised',
    file: 'src/storage/producer-entry.ts',
    from: '  if (batch.producerEpoch !== entry.producerEpoch) return null\n  const lastSequence',
    to: '  if (batch.producerEpoch <= entry.producerEpoch) return null\n  const lastSequence',
  },
  {
    name: 'a deposed leader appends',
    file: 'src/broker/partitions/partition.ts',
    from: '    if (this.#leader === null)\n      return refuse(',
    to: '    if (this.#leader === null && this.#gone)\n      return refuse(',
  },
  {
    name: 'histories that part are not told',
    file: 'src/broker/fetch/partition-fetch.ts',
    from: '  if (wanted.lastFetchedEpoch < 0) return null\n',
    to: '  if (wanted.lastFetchedEpoch >= -1) return null\n',
  },
  {
    name: 'an ISR change counts before the quorum has it',
    file: 'src/coordination/replication/partition-leader.ts',
    from: '    return this.#partition.isr.includes(replica) || this.#proposed?.has(replica) === true',
    to: '    return this.#proposed === null ? this.#partition.isr.includes(replica) : this.#proposed.has(replica)',
  },
]
