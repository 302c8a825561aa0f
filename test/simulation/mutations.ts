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
    from: '      persistedOffset: Math.min(log.persistedOffset, fetchOffset),',
    to: '      persistedOffset: fetchOffset,',
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
  {
    name: 'a follower cuts to its high watermark',
    file: 'src/coordination/replication/partition-follower.ts',
    from: '    return this.#log.damage === null ? this.#fetch() : this.#confess()',
    to: '    return this.#log.damage === null && this.#log.logEndOffset <= this.#log.highWatermark ? this.#fetch() : this.#cutTo(this.#log.damage?.offset ?? this.#log.highWatermark)',
  },
  {
    name: 'a follower cuts to the end of its own epoch only',
    file: 'src/coordination/replication/partition-follower.ts',
    from: '    return Math.min(own.endOffset, diverging.endOffset, end)\n',
    to: '    return Math.min(own.endOffset, end)\n',
  },
  {
    name: 'a follower believes its high watermark is its end',
    file: 'src/coordination/replication/partition-follower.ts',
    from: '    const committed = Math.min(this.#leaderHighWatermark, logEndOffset)',
    to: '    const committed = logEndOffset',
  },
  {
    name: 'acks outlive the epoch in which they were asked',
    file: 'src/coordination/replication/partition-leader.ts',
    from: "      return [{ type: 'fail-acks', errorCode: errorCode.NOT_LEADER_OR_FOLLOWER }]",
    to: '      return NOTHING',
  },
  {
    name: 'fewer in-sync replicas than asked for are enough',
    file: 'src/coordination/replication/partition-leader.ts',
    from: '    return this.spareReplicas >= 0\n',
    to: '    return this.spareReplicas >= -9\n',
  },
  {
    name: 'a newcomer to the ISR need not have what is committed',
    file: 'src/coordination/replication/partition-leader.ts',
    from: '    if (endOffset < Math.max(this.#highWatermark, this.#epochStartOffset)) return false\n',
    to: '    if (endOffset < 0) return false\n',
  },
  {
    name: 'a newcomer to the ISR need not reach the start of the epoch',
    file: 'src/coordination/replication/partition-leader.ts',
    from: '    if (endOffset < Math.max(this.#highWatermark, this.#epochStartOffset)) return false\n',
    to: '    if (endOffset < this.#highWatermark) return false\n',
  },
  {
    name: 'anybody active may lead',
    file: 'src/coordination/metadata/election-rules.ts',
    from: "  return rules.allowsUnclean ? 'unclean' : 'online'\n",
    to: "  return rules.insyncReplicasMin >= 0 ? 'unclean' : 'online'\n",
  },
  {
    name: 'a replica outside the ISR is elected',
    file: 'src/coordination/metadata/partition-change.ts',
    from: '  const mayLead = (id: number): boolean => draft.isr.includes(id) && facts.isActive(id)\n',
    to: '  const mayLead = (id: number): boolean => facts.isActive(id)\n',
  },
  {
    name: 'who left a sufficient ISR is eligible',
    file: 'src/coordination/metadata/partition-change.ts',
    from: '    return { ...draft, eligible: [], lastKnown: [] }\n',
    to: '    return { ...draft, eligible: before.replicas.filter((id) => !draft.isr.includes(id)), lastKnown: [] }\n',
  },
  {
    name: 'a replaced disk is taken for the old one',
    file: 'src/coordination/metadata/lost-data.ts',
    from: "  if (before === undefined || hasItsDirectories !== true) return () => 'everything'\n",
    to: "  if (before === undefined || hasItsDirectories === undefined) return () => 'everything'\n",
  },
  {
    name: 'the ISR keeps who is fenced',
    file: 'src/coordination/metadata/elections.ts',
    from: '  const inSync = partition.isr.filter((id) => isActive(image.brokers.get(id)))\n',
    to: '  const inSync = partition.isr.filter((id) => isActive(image.brokers.get(id)) || id !== partition.leader)\n',
  },
  {
    name: 'a block of producer ids is handed out again',
    file: 'src/coordination/metadata/decide/allocate-producer-ids.ts',
    from: '  const nextProducerId = first + BigInt(size)\n',
    to: '  const nextProducerId = first + BigInt(size - size)\n',
  },
  {
    name: 'votes are told before they are on the disk',
    file: 'src/coordination/raft/node-state.ts',
    from: '    if (this.isStateDurable) this.emit(effect)\n',
    to: '    if (this.isStateDurable || to >= 0) this.emit(effect)\n',
  },
  {
    name: 'there are two votes in an epoch',
    file: 'src/coordination/raft/voting.ts',
    from: '    answer(node, request, isSameReplica(votedFor, request.candidate))\n',
    to: '    answer(node, request, votedFor.id >= 0)\n',
  },
  {
    name: 'a vote goes to a log that lacks entries',
    file: 'src/coordination/raft/voting.ts',
    from: '  return log.epoch > own.epoch || (log.epoch === own.epoch && log.endOffset >= own.endOffset)\n',
    to: '  return log.epoch >= own.epoch || log.endOffset >= own.endOffset\n',
  },
  {
    name: 'the quorum counts entries before they are on the disk',
    file: 'src/coordination/raft/following.ts',
    from: '    return Math.min(this.#agreedOffset, this.#node.persistedOffset)\n',
    to: '    return this.#agreedOffset\n',
  },
  {
    name: 'entries of earlier epochs are committed by counting',
    file: 'src/coordination/raft/roles/leader.ts',
    from: '    if (offset <= this.#epochStartOffset) return null\n',
    to: '    if (offset < 0) return null\n',
  },
  {
    name: 'a minority is a majority',
    file: 'src/coordination/raft/quorum/majority-offset.ts',
    from: '  return descending[majorityOf(offsets.length) - 1] ?? -1\n',
    to: '  return descending[majorityOf(offsets.length) - 2] ?? -1\n',
  },
  {
    name: 'a replaced voter is taken for the old one',
    file: 'src/coordination/raft/voting.ts',
    from: '  return voter.directoryId === node.self.directoryId\n',
    to: '  return voter.directoryId !== UNKNOWN_DIRECTORY\n',
  },
  {
    name: 'an unclean stop is taken for a clean one',
    file: 'src/storage/recovery.ts',
    from: '  if (facts.wasClean) return null\n',
    to: '  if (facts.wasClean || firstOffset >= 0) return null\n',
  },
  {
    name: 'producers outlive the records that were cut',
    file: 'src/storage/log-truncation.ts',
    from: '  const unread = replayProducers(state, loadSnapshot(state, snapshots, endOffset))\n',
    to: '  const unread =\n    endOffset < 0 ? replayProducers(state, loadSnapshot(state, snapshots, endOffset)) : null\n',
  },
  {
    name: 'all leader epochs go with the records that are cut',
    file: 'src/storage/log-truncation.ts',
    from: '  state.epochs.truncateFromEnd(endOffset)\n',
    to: '  state.epochs.clear()\n',
  },
  {
    name: 'producers are forgotten at a start',
    file: 'src/storage/log-recovery.ts',
    from: '  return from >= endOffset ? null : replayProducers(state, from, isUnclean)\n',
    to: '  return from >= 0 ? null : replayProducers(state, from, isUnclean)\n',
  },
  {
    name: 'the producer window is four batches',
    file: 'src/storage/producer-entry.ts',
    from: 'export const BATCHES_REMEMBERED = 5\n',
    to: 'export const BATCHES_REMEMBERED = 4\n',
  },
  {
    name: 'a sequence that leaves a gap is taken',
    file: 'src/storage/producer-state.ts',
    from: '    if (batch.baseSequence === expected) return this.#examineTransaction(batch, entry)\n',
    to: '    if (batch.baseSequence >= expected) return this.#examineTransaction(batch, entry)\n',
  },
  {
    name: 'an epoch ends one offset late',
    file: 'src/storage/leader-epochs.ts',
    from: '    const endOffset = entries[above]?.startOffset ?? logEndOffset\n',
    to: '    const endOffset = (entries[above]?.startOffset ?? logEndOffset - 1) + 1\n',
  },
  {
    name: 'offsets are acknowledged before they are committed',
    file: 'src/broker/groups/group-coordinator.ts',
    from: '    this.#partition.whenCommitted({ endOffset: this.#lastEndOffset, settle: done })\n',
    to: '    this.#partition.whenWritten({ endOffset: this.#lastEndOffset, settle: done })\n',
  },
  {
    name: 'a coordinator serves before it has loaded',
    file: 'src/broker/groups/load-groups.ts',
    from: '    if (this.#offset >= this.#log.writtenOffset) {\n',
    to: '    if (this.#offset >= 0) {\n',
  },
  {
    name: 'commits of an earlier generation are taken',
    file: 'src/coordination/groups/decide/offset-commit.ts',
    from: '  if (generation !== group.generation) return errorCode.ILLEGAL_GENERATION\n',
    to: '  if (generation > group.generation) return errorCode.ILLEGAL_GENERATION\n',
  },
  {
    name: 'retention deletes above the high watermark',
    file: 'src/storage/retention.ts',
    from: '    if (segment === undefined || segment.nextOffset > highWatermark) break\n',
    to: '    if (segment === undefined || segment.nextOffset < highWatermark - 1e15) break\n',
  },
  {
    name: 'compaction goes beyond what is stable',
    file: 'src/storage/compaction-plan.ts',
    from: '  let endOffset = Math.min(facts.stableOffset, activeBaseOffset)\n',
    to: '  let endOffset = activeBaseOffset\n',
  },
  {
    name: 'a time is looked up from the entry after it',
    file: 'src/storage/timestamp-lookup.ts',
    from: '    record.timestampMs >= timestampMs && record.offset >= logStartOffset\n',
    to: '    record.timestampMs > timestampMs && record.offset >= logStartOffset\n',
  },
  {
    name: 'the marker of a clean stop stays',
    file: 'src/storage/log-directory.ts',
    from: '    disk.remove(markerPath)\n',
    to: '',
  },
  {
    name: 'a deposed leader goes on',
    file: 'src/broker/partitions/partition.ts',
    from: '      this.#leader = null\n      if (assigned.leader === this.#nodeId) this.#lead(nowMs)\n',
    to: '      if (assigned.leader === this.#nodeId) this.#lead(nowMs)\n',
  },
  {
    name: 'a cut leaves what the time index says of what is gone',
    file: 'src/storage/segment.ts',
    from: '    this.timeIndex.truncateTo(offset)\n',
    to: '',
  },
  {
    name: 'a segment ends without the last entry of its time index',
    file: 'src/storage/segment.ts',
    from: '  seal(): void {\n    if (this.writtenBytes === 0) return\n    this.#noteMaxTimestamp()\n',
    to: '  seal(): void {\n    if (this.writtenBytes === 0) return\n',
  },
]
