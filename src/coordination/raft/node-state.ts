/**
 * What a node is in every role: epoch and vote, its log, how much of that is on the disk, who votes, what it wants done.
 *
 * Roles decide; this keeps the promises that hold in all of them: an epoch never falls, there is one vote in each, a
 * message waits for the state that it tells, the high watermark never falls and nothing below it is cut (Raft §5).
 */
import { assert } from './assert.ts'
import { DurableGate } from './durable-gate.ts'
import type { RaftEffect } from './effect.ts'
import { EpochLog } from './epoch-log.ts'
import type { DurableState } from './event.ts'
import { raftLimits } from './limits.ts'
import type { EntrySpan, RaftMessage, ReplicaKey, SnapshotId, Voter } from './message.ts'
import type { RaftFacts } from './raft-machine.ts'
import { VoterHistory } from './voter-history.ts'
import { isVoter } from './voter-set.ts'

/** The log as it was left; one that ends before its snapshot was about to be replaced by it. */
function logOf({ spans, snapshot, logStartOffset }: RaftFacts): EpochLog {
  const endOffset = spans.at(-1)?.endOffset ?? logStartOffset
  if (snapshot !== null && snapshot.endOffset > endOffset) {
    return new EpochLog(snapshot.endOffset, snapshot.epoch, [])
  }
  const startEpoch = snapshot?.endOffset === logStartOffset ? snapshot.epoch : null
  return new EpochLog(logStartOffset, startEpoch, spans)
}

/** Oldest first; a snapshot without voters says nothing of them. */
function historyOf({ voters }: RaftFacts): VoterHistory {
  const named = voters.filter((entry) => entry.offset < 0 || entry.voters.length > 0)
  return new VoterHistory(named.sort((a, b) => a.offset - b.offset))
}

export class NodeState {
  readonly self: ReplicaKey
  readonly log: EpochLog
  readonly voters: VoterHistory
  readonly #gate = new DurableGate()
  readonly #streams = new Set<number>()
  #epoch: number
  /** Of the state that was on the disk at the start. */
  readonly #stateEpoch: number
  #votedFor: ReplicaKey | null
  #leaderId: number | null = null
  #persistedOffset: number
  #highWatermark: number
  #appliedOffset: number
  #snapshot: SnapshotId | null
  #installing: SnapshotId | null = null
  /** Cuts that the disk has not answered yet: what it says of the log until then may be of the log before them. */
  #cutsPending = 0
  /** The lowest of them: what is below was in the log all the time. */
  #lowestCut = 0
  #effects: RaftEffect[] = []
  /** Written once at the end of an event, however often epoch and vote changed in it. */
  #unwritten: DurableState | null = null

  constructor(facts: RaftFacts) {
    this.self = facts.self
    this.log = logOf(facts)
    this.voters = historyOf(facts)
    const { endOffset, epoch } = this.log.end
    // Entries may have reached the disk before the epoch did; nobody was told of it then, so there is no vote to keep.
    this.#epoch = Math.max(facts.state.epoch, epoch)
    this.#stateEpoch = facts.state.epoch
    this.#votedFor = this.#epoch === facts.state.epoch ? facts.state.votedFor : null
    this.#persistedOffset = endOffset
    this.#highWatermark = Math.max(facts.snapshot?.endOffset ?? 0, this.log.startOffset)
    this.#appliedOffset = this.#highWatermark
    this.#snapshot = facts.snapshot
    for (const { offset } of facts.voters) assert(offset < endOffset, 'sets of voters are in the log')
  }

  get epoch(): number {
    return this.#epoch
  }

  get votedFor(): ReplicaKey | null {
    return this.#votedFor
  }

  /** Who leads this epoch, by its own word; null not known, or not heard any more. */
  get leaderId(): number | null {
    return this.#leaderId
  }

  /** The log is on the disk up to here, and as it is now. */
  get persistedOffset(): number {
    return this.#persistedOffset
  }

  get highWatermark(): number {
    return this.#highWatermark
  }

  get appliedOffset(): number {
    return this.#appliedOffset
  }

  get snapshot(): SnapshotId | null {
    return this.#snapshot
  }

  /** The snapshot that is about to replace the log; until then nothing is appended. */
  get installing(): SnapshotId | null {
    return this.#installing
  }

  /** Whether epoch and vote are on the disk as they are now. */
  get isStateDurable(): boolean {
    return this.#unwritten === null && this.#gate.isOpen
  }

  /** Whether the set of voters that counts names this node, disk included. */
  get isVoter(): boolean {
    return isVoter(this.voters.current, this.self)
  }

  /**
   * Whether it stands for election: a node whose removal is not known to be committed may be the only one with the log
   * that could commit it; it does not count itself then (Ongaro 2014, §4.2.2).
   */
  get mayLead(): boolean {
    return this.voters.possible(this.#highWatermark).some((voters) => isVoter(voters, this.self))
  }

  /** Nodes to which there is a stream, as far as the host has told. */
  get streams(): ReadonlySet<number> {
    return this.#streams
  }

  /** Nothing has ever happened here, and there is a stream to every other voter: nobody needs to be waited for. */
  get isNewAndWhole(): boolean {
    const isNew = this.#epoch === 0 && this.log.endOffset === 0
    return isNew && this.voters.current.every(({ id }) => id === this.self.id || this.#streams.has(id))
  }

  connected(peer: number): void {
    if (this.#streams.size < raftLimits.observersMax) this.#streams.add(peer)
  }

  disconnected(peer: number): void {
    this.#streams.delete(peer)
  }

  emit(effect: RaftEffect): void {
    this.#effects.push(effect)
  }

  takeEffects(): readonly RaftEffect[] {
    if (this.#unwritten !== null) {
      this.#gate.ask(this.#unwritten)
      this.emit({ type: 'persist-state', state: this.#unwritten })
      this.#unwritten = null
    }
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  /** Sends a message as soon as what it tells is on the disk. */
  send(to: number, message: RaftMessage): void {
    const effect: RaftEffect = { type: 'send', to, message }
    if (this.isStateDurable) this.emit(effect)
    else this.#gate.withhold(effect, this.#unwritten !== null)
  }

  /** Entries of an epoch reached the disk before the epoch itself: now that is written too, before anybody is told. */
  persistEpochOfLog(): void {
    if (this.#epoch > this.#stateEpoch) this.#persist(null)
  }

  /** A later epoch has begun somewhere; nobody has this node's vote in it. */
  enterEpoch(epoch: number, votedFor: ReplicaKey | null, leaderId: number | null): void {
    assert(epoch > this.#epoch, 'an epoch never falls')
    this.#epoch = epoch
    this.#votedFor = votedFor
    this.#persist(leaderId)
  }

  vote(candidate: ReplicaKey): void {
    assert(this.#votedFor === null, 'there is one vote in each epoch')
    this.#votedFor = candidate
    this.#persist(null)
  }

  statePersisted(state: DurableState): void {
    this.#effects.push(...this.#gate.persisted(state))
  }

  /** The host hears of it only when it is news. */
  knowLeader(leaderId: number | null, epochIsNew = false): void {
    if (this.#leaderId === leaderId && !epochIsNew) return
    this.#leaderId = leaderId
    this.emit({ type: 'leader-known', leaderId, epoch: this.#epoch })
  }

  /** A follower's: a leader's entries go to the end of the log. */
  append(spans: readonly EntrySpan[], batches: readonly Buffer[]): void {
    for (const span of spans) this.log.append(span)
    this.emit({ type: 'append', batches, endOffset: this.log.endOffset })
  }

  /** Takes back what a leader's log does not have. Throws below the high watermark: something committed would be lost. */
  truncate(offset: number): void {
    assert(offset >= this.#highWatermark, 'what is committed is never cut')
    this.log.truncate(offset)
    this.voters.truncate(offset)
    this.#persistedOffset = Math.min(this.#persistedOffset, offset)
    this.#lowestCut = this.#cutsPending === 0 ? offset : Math.min(this.#lowestCut, offset)
    this.#cutsPending++
    this.emit({ type: 'truncate', offset })
  }

  truncated(): void {
    assert(this.#cutsPending > 0, 'only a cut that was asked for is done')
    this.#cutsPending--
  }

  logPersisted(endOffset: number): void {
    const isOfLog = endOffset <= this.log.endOffset
    // Until it is told, the disk may already be past a cut or an installation, or not there yet.
    assert(isOfLog || this.#cutsPending > 0 || this.#installing !== null, 'the disk has no more than the log')
    if (this.#installing !== null && !isOfLog) return
    const certain = this.#cutsPending === 0 ? endOffset : Math.min(endOffset, this.#lowestCut)
    this.#persistedOffset = Math.max(this.#persistedOffset, certain)
  }

  /** Whether more is served than before. */
  applied(offset: number): boolean {
    assert(offset <= this.#highWatermark, 'only what is committed is applied')
    if (offset <= this.#appliedOffset) return false
    this.#appliedOffset = offset
    return true
  }

  advanceHighWatermark(offset: number): boolean {
    if (offset <= this.#highWatermark) return false
    assert(offset <= this.log.endOffset, 'the high watermark is in the log')
    this.#highWatermark = offset
    this.emit({ type: 'advance-high-watermark', offset })
    return true
  }

  /** This node wrote a snapshot of what it has applied; one that comes late is older than what a leader sent. */
  snapshotWritten(snapshot: SnapshotId, logStartOffset: number): void {
    assert(snapshot.endOffset <= this.#highWatermark, 'a snapshot holds only what is committed')
    assert(logStartOffset <= snapshot.endOffset, 'the log is dropped only where a snapshot holds it')
    if (snapshot.endOffset > (this.#snapshot?.endOffset ?? -1)) this.#snapshot = snapshot
    this.log.dropBefore(logStartOffset)
    this.voters.prune(logStartOffset)
  }

  /** Lets a leader's snapshot replace the log. */
  install(snapshot: SnapshotId): void {
    assert(this.#installing === null, 'one snapshot is installed at a time')
    this.#installing = snapshot
    this.emit({ type: 'install-snapshot', snapshot })
  }

  /** The snapshot has replaced the log, or was not whole and has changed nothing. Gives the one that was asked for. */
  installed(snapshot: SnapshotId | null, voters: readonly Voter[]): SnapshotId {
    const asked = this.#installing
    assert(asked !== null, 'only a snapshot that was asked for is installed')
    this.#installing = null
    if (snapshot === null) return asked
    assert(snapshot.endOffset === asked.endOffset, 'the snapshot that came is installed')
    this.#snapshot = snapshot
    this.log.reset(snapshot)
    this.voters.reset(snapshot.endOffset, voters)
    this.#persistedOffset = snapshot.endOffset
    this.advanceHighWatermark(snapshot.endOffset)
    return asked
  }

  /** The leader's id is written with an epoch or a vote, never alone: nothing that is safe or fast hangs on it. */
  #persist(leaderId: number | null): void {
    this.#unwritten = { epoch: this.#epoch, votedFor: this.#votedFor, leaderId }
  }
}
