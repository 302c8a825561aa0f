/**
 * Carries out what a Raft node wants done, in order: on the disk, to the other nodes, with timers.
 *
 * The machine decides, this moves bytes. What the disk or the network says comes back to the machine as an event, never
 * in the middle of another one. Entries that do not lie on the disk as they should, or an impossible event, end the
 * node's part in the quorum: others go on without it. It knows nothing of what the entries say, but for the voters.
 */
import type { RaftEffect } from '../../coordination/raft/effect.ts'
import type { RaftEvent } from '../../coordination/raft/event.ts'
import type { EntrySpan, ReplicaKey, Voter } from '../../coordination/raft/message.ts'
import type { RaftMachine, RaftStatus } from '../../coordination/raft/raft-node.ts'
import { limits } from '../../runtime/limits.ts'
import { checkedSpans, endOffsetOf, leaderChangeBatch, votersBatch, votersIn } from './metadata-batches.ts'
import type { PeerLinks } from './peer-links.ts'
import type { QuorumStateFile } from './quorum-state-file.ts'
import type { RaftLog } from './raft-log.ts'
import type { QuorumWorld } from './raft-quorum-options.ts'
import type { RaftTimers } from './raft-timers.ts'
import type { ReplicaContacts } from './replica-contacts.ts'
import type { LoadedSnapshot, SnapshotKeeper } from './snapshot-keeper.ts'
import type { VoterLog } from './voter-log.ts'

export interface RaftDriverOwner {
  /** Entries below are committed. */
  committed(offset: number): void
  /** This node leads; its epoch begins with the entry before `endOffset`. */
  leads(epoch: number, endOffset: number): void
  resigned(): void
  leaderKnown(leaderId: number | null, epoch: number): void
  /** A snapshot is about to replace the log; then `replaced`, with null when it did not. */
  replacing(): void
  replaced(snapshot: LoadedSnapshot | null): void
  votersChanged(): void
  votersSettled(
    token: number,
    refusal: Extract<RaftEffect, { type: 'voters-refused' }>['reason'] | null,
  ): void
  /** All that followed from some events is on its way. */
  turned(): void
  failed(error: Error): void
}

export interface RaftDriverParts {
  readonly machine: RaftMachine
  readonly self: ReplicaKey
  readonly world: QuorumWorld
  readonly log: RaftLog
  readonly stateFile: QuorumStateFile
  readonly timers: RaftTimers
  readonly links: PeerLinks
  readonly snapshots: SnapshotKeeper
  readonly voters: VoterLog
  readonly contacts: ReplicaContacts
  readonly owner: RaftDriverOwner
}

type Effect<T extends RaftEffect['type']> = Extract<RaftEffect, { type: T }>

export class RaftDriver {
  readonly #parts: RaftDriverParts
  #events: RaftEvent[] = []
  #isRunning = false
  #isStopped = false

  constructor(parts: RaftDriverParts) {
    this.#parts = parts
  }

  get status(): RaftStatus {
    return this.#parts.machine.status
  }

  start(): void {
    this.#run(() => this.#parts.machine.start())
  }

  /** Nothing happens any more. */
  stop(): void {
    this.#isStopped = true
    this.#events = []
  }

  /** Takes the event when its turn comes. */
  receive(event: RaftEvent): void {
    if (this.#isStopped) return
    this.#events.push(event)
    this.#run(() => [])
  }

  #run(first: () => readonly RaftEffect[]): void {
    if (this.#isRunning || this.#isStopped) return
    this.#isRunning = true
    try {
      for (const effect of first()) this.#carryOut(effect)
      for (let event = this.#events.shift(); event !== undefined; event = this.#events.shift()) {
        for (const effect of this.#parts.machine.receive(event)) this.#carryOut(effect)
      }
      this.#parts.owner.turned()
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#isRunning = false
    }
    // What the owner did when it was told may have brought more.
    if (this.#events.length > 0) this.#run(() => [])
  }

  #fail(error: unknown): void {
    this.stop()
    this.#parts.owner.failed(error instanceof Error ? error : new Error(String(error)))
  }

  #carryOut(effect: RaftEffect): void {
    const { owner, links, log, timers } = this.#parts
    switch (effect.type) {
      case 'persist-state': {
        const { state } = effect
        this.#parts.stateFile.write(state, () => this.receive({ type: 'state-persisted', state }))
        return
      }
      case 'send':
        links.send(effect.to, effect.message)
        return
      case 'send-entries':
        this.#whenDone(this.#sendEntries(effect))
        return
      case 'send-snapshot':
        this.#whenDone(this.#sendSnapshot(effect))
        return
      case 'append':
        this.#append(effect)
        return
      case 'truncate':
        this.#truncate(effect.offset)
        return
      case 'keep-chunk':
        this.#parts.snapshots.keep(effect.snapshot, effect.position, effect.bytes)
        return
      case 'install-snapshot':
        this.#whenDone(this.#install(effect))
        return
      case 'advance-high-watermark':
        log.noteHighWatermark(effect.offset)
        owner.committed(effect.offset)
        return
      case 'lead':
        this.#lead(effect)
        return
      case 'resign':
        log.forgetOwn()
        owner.resigned()
        return
      case 'leader-known':
        owner.leaderKnown(effect.leaderId, effect.epoch)
        return
      case 'append-voters':
        this.#appendVoters(effect)
        return
      case 'voters-refused':
        owner.votersSettled(effect.token, effect.reason)
        return
      case 'voters-committed':
        owner.votersSettled(effect.token, null)
        return
      case 'probe':
        this.#whenDone(this.#probe(effect.peer))
        return
      case 'set-timer':
        timers.set(effect.timer, effect.soon)
        return
      case 'cancel-timer':
        timers.cancel(effect.timer)
    }
  }

  /** A failure in what goes on beside the turn is a bug or a broken disk. */
  #whenDone(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!this.#isStopped) this.#fail(error)
    })
  }

  #lead({ epoch, voters }: Effect<'lead'>): void {
    const { log, world, self, owner, contacts } = this.#parts
    contacts.forget()
    log.appendControl(
      () => leaderChangeBatch(self.id, this.status.voters, voters, world.clock.wallMs()),
      epoch,
      (span) => {
        this.#announce(span, voters)
        owner.leads(epoch, span.endOffset)
      },
    )
  }

  #appendVoters({ voters }: Effect<'append-voters'>): void {
    const { log, world } = this.#parts
    log.appendControl(
      () => votersBatch(voters, world.clock.wallMs()),
      this.status.epoch,
      (span) => this.#announce(span, voters),
    )
  }

  /** A control batch of this node is in the file; `voters` are those that it names, if it does. */
  #announce(span: EntrySpan, voters: readonly Voter[]): void {
    this.receive({ type: 'appended', span })
    if (voters.length === 0) return
    this.#parts.voters.add({ offset: span.baseOffset, voters })
    this.receive({ type: 'voters-appended', offset: span.baseOffset, voters })
    this.#parts.owner.votersChanged()
  }

  #append({ batches, endOffset }: Effect<'append'>): void {
    const { log, voters, owner } = this.#parts
    const { epoch } = this.status
    let end = -1
    for (const buffer of batches) {
      end = endOffsetOf(buffer)
      log.appendReplica(buffer, end, epoch)
      for (const set of votersIn(buffer)) {
        voters.add(set)
        this.receive({ type: 'voters-appended', ...set })
        owner.votersChanged()
      }
    }
    if (end !== endOffset) throw new Error(`entries end at ${end} and not at ${endOffset}`)
  }

  #truncate(offset: number): void {
    const { log, voters, owner } = this.#parts
    voters.truncate(offset)
    owner.votersChanged()
    log.truncate(offset, () => this.receive({ type: 'truncated', endOffset: offset }))
  }

  async #sendEntries({
    to,
    epoch,
    previous,
    upperBoundOffset,
    round,
  }: Effect<'send-entries'>): Promise<void> {
    const { log, links, self } = this.#parts
    const slice = await log.read(previous.endOffset, upperBoundOffset, limits.quorumEntriesBytesMax)
    const { role, epoch: epochNow, highWatermark } = this.status
    const isAsked = role === 'leader' && epochNow === epoch && !this.#isStopped
    let endOffset = -1
    if (slice !== null && isAsked && slice.sizeBytes > 0 && slice.baseOffset === previous.endOffset) {
      const batches = slice.buffers
      const spans = checkedSpans(batches)
      if (spans === null) throw new Error(`the metadata log is damaged at offset ${previous.endOffset}`)
      const leaderId = self.id
      links.send(to, {
        type: 'append-request',
        epoch,
        leaderId,
        previous,
        spans,
        batches,
        highWatermark,
        round,
      })
      endOffset = slice.nextOffset
    }
    slice?.release()
    this.receive({ type: 'entries-sent', to, epoch, endOffset })
  }

  async #sendSnapshot({ to, epoch, snapshot, position }: Effect<'send-snapshot'>): Promise<void> {
    const { snapshots, links, self } = this.#parts
    const piece = await snapshots.readPiece(snapshot, position)
    const { role, epoch: epochNow } = this.status
    if (piece === null || role !== 'leader' || epochNow !== epoch || this.#isStopped) return
    const { bytes, isLast } = piece
    links.send(to, { type: 'snapshot-chunk', epoch, leaderId: self.id, snapshot, position, bytes, isLast })
  }

  async #probe(peer: number): Promise<void> {
    const { links, world } = this.#parts
    const address = links.addressOf(peer)
    if (address === null) return
    const isListening = await world.peers.isListening(address, limits.peerProbeMs)
    this.receive({ type: 'probed', peer, isListening })
  }

  async #install({ snapshot }: Effect<'install-snapshot'>): Promise<void> {
    const { snapshots, voters, owner } = this.#parts
    owner.replacing()
    const loaded = await snapshots.install(snapshot)
    if (loaded === null) this.receive({ type: 'snapshot-installed', snapshot: null, voters: [] })
    else {
      voters.reset(snapshot.endOffset, loaded.voters)
      this.receive({ type: 'snapshot-installed', snapshot, voters: voters.current })
      owner.votersChanged()
    }
    owner.replaced(loaded)
  }
}
