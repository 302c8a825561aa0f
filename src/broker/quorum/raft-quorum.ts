/**
 * The metadata quorum as one of its nodes lives it, from one voter to many: `ClusterQuorum` on Raft.
 *
 * Ties the Raft node and what carries its effects out to the commands, the image and those who wait. A leader is active
 * once it serves everything that was committed before it; only then are commands decided, against the image that they
 * will make. It decides nothing about Raft, and nothing about metadata. Opened by `openRaftQuorum`.
 */
import type { MetadataImage } from '../../coordination/metadata/image.ts'
import type { RaftMessage, ReplicaKey, Voter } from '../../coordination/raft/message.ts'
import { createRaftNode, type RaftFacts, type RaftStatus } from '../../coordination/raft/raft-node.ts'
import type { PeerAddress, PeerServer } from '../../runtime/peers.ts'
import { CatchUp, type CatchUpView } from './catch-up.ts'
import { ControllerCalls } from './controller-calls.ts'
import { HandOver } from './hand-over.ts'
import { ImageApplier } from './image-applier.ts'
import { LeadershipTerm } from './leadership-term.ts'
import { decisionBatch } from './metadata-batches.ts'
import type {
  ClusterQuorum,
  CommandHandler,
  LeadershipListener,
  MetadataCommand,
  MetadataListener,
  QuorumStatus,
} from './metadata-quorum.ts'
import { NotController } from './not-controller.ts'
import type { PeerCodec } from './peer-frames.ts'
import { PeerLinks } from './peer-links.ts'
import { Proposals } from './proposals.ts'
import { QuorumStateFile } from './quorum-state-file.ts'
import { describeQuorum } from './quorum-status.ts'
import { RaftDriver, type RaftDriverOwner } from './raft-driver.ts'
import { RaftLog } from './raft-log.ts'
import type { QuorumStorage, QuorumWorld, RaftQuorumOptions } from './raft-quorum-options.ts'
import { RaftTimers } from './raft-timers.ts'
import { ReplicaContacts } from './replica-contacts.ts'
import { ServedWaiters } from './served-waiters.ts'
import { SnapshotKeeper } from './snapshot-keeper.ts'
import { VoterChanges } from './voter-changes.ts'
import type { VoterLog } from './voter-log.ts'
import { KRAFT_VERSION } from './voter-records.ts'

/** What the disk said. */
export interface OpenedQuorum {
  readonly facts: RaftFacts
  readonly voters: VoterLog
  readonly image: MetadataImage
  readonly appliedOffset: number
  readonly bytesSinceSnapshot: number
  readonly codec: PeerCodec
}

export class RaftQuorum implements ClusterQuorum {
  readonly clusterId: string
  readonly #options: RaftQuorumOptions
  readonly #world: QuorumWorld
  readonly #self: ReplicaKey
  readonly #voters: VoterLog
  readonly #log: RaftLog
  readonly #stateFile: QuorumStateFile
  readonly #timers: RaftTimers
  readonly #links: PeerLinks
  readonly #snapshots: SnapshotKeeper
  readonly #contacts = new ReplicaContacts()
  readonly #proposals: Proposals
  readonly #applier: ImageApplier
  readonly #driver: RaftDriver
  readonly #calls: ControllerCalls
  readonly #served: ServedWaiters
  /** A leader that is not dialled of this node's own accord. */
  #hint: { readonly leaderId: number; readonly leaderAt: PeerAddress } | null = null
  readonly #changes: VoterChanges
  readonly #term = new LeadershipTerm()
  readonly #catchUp: CatchUp
  readonly #handOver: HandOver
  readonly #lostListeners: Array<(nodeId: number) => void> = []
  readonly #leaderListeners: Array<(leaderId: number, leaderEpoch: number) => void> = []
  readonly #turnListeners: Array<(status: RaftStatus) => void> = []
  readonly #failureListeners: Array<(error: Error) => void> = []
  #server: PeerServer | null = null
  #failure: Error | null = null
  #stopped: Promise<void> | null = null

  constructor(options: RaftQuorumOptions, storage: QuorumStorage, world: QuorumWorld, opened: OpenedQuorum) {
    this.clusterId = options.clusterId
    this.#options = options
    this.#world = world
    this.#self = opened.facts.self
    this.#voters = opened.voters
    const hello = { clusterId: options.clusterId, sender: this.#self }
    const voice = { hello, codec: opened.codec, tls: options.tls }
    this.#log = new RaftLog(storage.log, world, {
      written: () => this.#applier.written(),
      persisted: (endOffset) => this.#driver.receive({ type: 'log-persisted', endOffset }),
      takenBack: (fromOffset) => this.#takenBack(fromOffset),
      failed: (reason) => this.#failed(new Error(`the metadata log cannot be written any more: ${reason}`)),
    })
    this.#stateFile = new QuorumStateFile(world, storage.folder, (error) => this.#failed(error))
    this.#timers = new RaftTimers(world, options.timeouts, (timer) =>
      this.#driver.receive({ type: 'timer', timer }),
    )
    this.#links = new PeerLinks(world, voice, {
      received: (from, message) => {
        const { endOffset } = this.#driver.status.log
        this.#contacts.note(from, message, endOffset, world.clock.wallMs())
        if (message.type === 'append-request') this.#catchUp.hear(message.epoch, message.highWatermark)
        if (message.type === 'leader-hint') this.#hinted(message)
        this.#driver.receive({ type: 'message', from: from.id, message })
      },
      connected: (peer) => this.#driver.receive({ type: 'connected', peer }),
      disconnected: (peer) => {
        this.#driver.receive({ type: 'disconnected', peer })
        for (const listener of this.#lostListeners) listener(peer)
        if (!this.#hasCompany()) this.#handOver.end()
      },
    })
    const { snapshot } = opened.facts
    this.#snapshots = new SnapshotKeeper(
      world,
      storage,
      this.#log,
      options,
      snapshot,
      opened.bytesSinceSnapshot,
    )
    this.#proposals = this.#createProposals()
    this.#applier = new ImageApplier(this.#log, this.#proposals, opened.image, opened.appliedOffset, {
      applied: (offset, sizeBytes) => this.#applied(offset, sizeBytes),
      failed: (error) => this.#failed(error),
    })
    this.#driver = new RaftDriver({
      machine: createRaftNode(opened.facts),
      self: this.#self,
      world,
      log: this.#log,
      stateFile: this.#stateFile,
      timers: this.#timers,
      links: this.#links,
      snapshots: this.#snapshots,
      voters: this.#voters,
      contacts: this.#contacts,
      owner: this.#driverOwner(),
    })
    this.#calls = new ControllerCalls(world, voice, this.#controllerView())
    this.#served = new ServedWaiters(world.clock, (nodeId) => this.#appliedOffsetOf(nodeId))
    this.#changes = new VoterChanges((event) => this.#driver.receive(event))
    this.#catchUp = new CatchUp(() => this.#catchUpView())
    this.#handOver = new HandOver(world.clock)
  }

  #createProposals(): Proposals {
    const { clock } = this.#world
    return new Proposals({
      endOffset: () => this.#log.endOffset,
      append: (records) => {
        const batch = decisionBatch(records, clock.wallMs())
        const announce = (span: { epoch: number; baseOffset: number; endOffset: number }): void =>
          this.#driver.receive({ type: 'appended', span })
        return {
          appended: this.#log.appendDecision(batch, this.#term.epoch, announce),
          sizeBytes: batch.length,
        }
      },
    })
  }

  #controllerView() {
    const quorum = this
    return {
      get leaderId(): number | null {
        return quorum.#failure === null ? quorum.#driver.status.leaderId : null
      },
      get epoch(): number {
        return quorum.#driver.status.epoch
      },
      get isActive(): boolean {
        return quorum.isActive
      },
      addressOf: (nodeId: number): PeerAddress | null => this.#links.addressOf(nodeId),
    }
  }

  /** Listens for peers, dials the voters, takes part. Rejects with an error for people when it cannot listen. */
  async start(): Promise<void> {
    const { listener, tls } = this.#options
    if (listener !== null) {
      const handlers = {
        accept: (stream: Parameters<PeerLinks['accept']>[0]) => this.#links.accept(stream),
        answer: (request: Buffer) => this.#calls.answer(request),
      }
      this.#server = await this.#world.peers.serve(listener.host, listener.port, handlers, tls)
    }
    if (this.#stopped !== null) {
      await this.#server?.close()
      return
    }
    this.#aim()
    this.#driver.start()
  }

  get image(): MetadataImage {
    return this.#applier.image
  }

  get appliedOffset(): number {
    return this.#applier.appliedOffset
  }

  get isActive(): boolean {
    return this.#proposals.isActive
  }

  get activeEpoch(): number {
    return this.isActive ? this.#term.epoch : -1
  }

  /** Why this node takes no part any more; null while it does. */
  get failure(): Error | null {
    return this.#failure
  }

  /** Where it listens for peers; null when it does not. */
  get listeningPort(): number | null {
    return this.#server?.port ?? null
  }

  get status(): QuorumStatus {
    const { status } = this.#driver
    // Who takes no part any more knows nothing of who leads.
    return describeQuorum(this.#failure === null ? status : { ...status, leaderId: null, progress: [] }, {
      self: this.#self,
      appliedOffset: this.appliedOffset,
      kraftVersion: this.#voters.namedBefore(this.appliedOffset) === null ? 0 : KRAFT_VERSION,
      nowMs: this.#world.clock.wallMs(),
      contacts: this.#contacts,
    })
  }

  submit<Reply>(command: MetadataCommand<Reply>): Promise<Reply> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    if (!this.#term.leads || this.#stopped !== null) return Promise.reject(this.#notController())
    const reply = this.#proposals.submit(command)
    // One that changes nothing is committed as soon as all before it is: nothing else would come to settle it.
    this.#applier.written()
    return reply
  }

  listen(listener: MetadataListener): void {
    this.#applier.listen(listener)
  }

  follow(listener: MetadataListener): Promise<void> {
    return this.#applier.follow(listener)
  }

  onLeadership(listener: LeadershipListener): void {
    this.#term.listen(listener)
  }

  onLeaderKnown(listener: (leaderId: number, leaderEpoch: number) => void): void {
    this.#leaderListeners.push(listener)
  }

  onTurned(listener: (status: RaftStatus) => void): void {
    this.#turnListeners.push(listener)
  }

  onPeerLost(listener: (nodeId: number) => void): void {
    this.#lostListeners.push(listener)
  }

  onFailed(listener: (error: Error) => void): void {
    this.#failureListeners.push(listener)
  }

  whenServed(offset: number, nodeIds: () => Iterable<number>, deadlineMs: number): Promise<void> {
    return this.#term.leads ? this.#served.wait(offset, nodeIds, deadlineMs) : Promise.resolve()
  }

  callController(payload: Buffer, deadlineMs: number): Promise<Buffer> {
    return this.#calls.call(payload, deadlineMs)
  }

  serveCommands(handler: CommandHandler): void {
    this.#calls.serve(handler)
  }

  changeVoters(voters: readonly Voter[]): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    if (!this.isActive || this.#stopped !== null) return Promise.reject(this.#notController())
    return this.#changes.propose(voters)
  }

  whenCaughtUp(): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    if (this.#stopped !== null && !this.#catchUp.isDone)
      return Promise.reject(this.#notController('this node stops'))
    return this.#catchUp.wait()
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    if (this.#term.leads && this.#hasCompany() && this.#failure === null)
      await this.#handOver.wait(() => this.#driver.receive({ type: 'transfer-leadership', to: null }))
    this.#letGo(this.#notController('this node stops'))
    await this.#server?.close()
    this.#world.peers.close()
  }

  /** Another voter can be spoken to. */
  #hasCompany(): boolean {
    return this.#voters.current.some(({ id }) => this.#links.isConnected(id))
  }

  #letGo(error: Error): void {
    this.#driver.stop()
    this.#timers.stop()
    this.#applier.stop()
    this.#log.close()
    this.#stateFile.close()
    this.#term.end()
    this.#proposals.fail(error)
    this.#changes.fail(error)
    this.#links.close()
    this.#calls.close()
    this.#served.release()
    this.#catchUp.fail(error)
  }

  #notController(why?: string): NotController {
    const leaderId = this.#driver.status.leaderId ?? -1
    return why === undefined ? new NotController(leaderId) : new NotController(leaderId, why)
  }

  #appliedOffsetOf(nodeId: number): number {
    if (nodeId === this.#self.id) return this.appliedOffset
    const { progress } = this.#driver.status
    return progress.find(({ replica }) => replica.id === nodeId)?.appliedOffset ?? -1
  }

  #catchUpView(): CatchUpView {
    const { epoch, leaderId } = this.#driver.status
    const { appliedOffset } = this.#applier
    const logEpoch = this.#log.epochBefore(appliedOffset)
    return {
      isActive: this.isActive,
      epoch,
      otherLeaderId: leaderId === this.#self.id ? null : leaderId,
      appliedOffset,
      appliedEpoch: logEpoch < 0 ? this.#snapshots.epochAt(appliedOffset) : logEpoch,
    }
  }

  #applied(offset: number, sizeBytes: number): void {
    this.#snapshots.noteApplied(sizeBytes)
    this.#driver.receive({ type: 'applied', offset })
    if (this.#term.activates(offset)) {
      this.#applier.decidesFrom(offset)
      this.#proposals.activate(this.image)
      this.#term.announce()
      this.#calls.look()
    }
    this.#turned()
    this.#writeSnapshotIfDue(offset)
  }

  #writeSnapshotIfDue(offset: number): void {
    const voters = this.#voters.namedBefore(offset)
    this.#snapshots.writeIfDue(this.image, offset, voters).then(
      (snapshot) => {
        if (snapshot === null) return
        const logStartOffset = this.#log.startOffset
        this.#voters.prune(logStartOffset)
        this.#driver.receive({
          type: 'snapshot-written',
          snapshot,
          logStartOffset,
          voters: voters ?? this.#voters.current,
        })
      },
      (error: unknown) => this.#failed(error instanceof Error ? error : new Error(String(error))),
    )
  }

  /** What the Raft node and its disk tell. */
  #driverOwner(): RaftDriverOwner {
    return {
      committed: (offset) => this.#applier.commit(offset),
      leads: (epoch, endOffset) => this.#term.begin(epoch, endOffset),
      resigned: () => this.#resigned(),
      leaderKnown: (leaderId, epoch) => {
        if (leaderId !== null && leaderId !== this.#hint?.leaderId) this.#dropHint()
        for (const listener of this.#leaderListeners) listener(leaderId ?? -1, epoch)
        this.#calls.look()
      },
      replacing: () => this.#applier.hold(),
      replaced: (snapshot) => {
        if (snapshot === null) this.#applier.release()
        else this.#applier.replace(snapshot.image, snapshot.id.endOffset)
      },
      votersChanged: () => this.#aim(),
      votersSettled: (token, refusal) => this.#changes.settled(token, refusal),
      turned: () => this.#turned(),
      failed: (error) => this.#failed(error),
    }
  }

  #takenBack(fromOffset: number): void {
    this.#proposals.takenBack(fromOffset, this.image)
    // Others may have room: a leader that cannot write serves nobody.
    if (this.#term.leads) this.#driver.receive({ type: 'transfer-leadership', to: null })
    this.#proposals.decideMore()
  }

  #resigned(): void {
    const wasActive = this.isActive
    this.#applier.decidesFrom(null)
    this.#proposals.resign(this.#applier.highWatermark, this.#driver.status.leaderId ?? -1)
    this.#changes.fail(this.#notController('leadership was lost before the change was committed'))
    this.#term.end()
    // Only a leader hears who serves what.
    this.#served.release()
    if (wasActive) this.#world.log.info('this node is not the active controller any more')
    this.#handOver.end()
  }

  /**
   * Keeps streams to the voters that the log names, and to those of the configuration: a node that was away for long
   * may know no other of today's. Where the configuration names a voter, that is where it is dialled. A leader that neither
   * of them names is dialled where another node says.
   */
  #aim(): void {
    const addresses = new Map<number, PeerAddress>()
    if (this.#hint !== null) addresses.set(this.#hint.leaderId, this.#hint.leaderAt)
    for (const { id, endpoints } of this.#voters.current) {
      const [endpoint] = endpoints
      if (endpoint !== undefined) addresses.set(id, { host: endpoint.host, port: endpoint.port })
    }
    for (const { id, host, port } of this.#options.voters) addresses.set(id, { host, port })
    this.#links.aim(addresses)
  }

  #hinted({ leaderId, leaderAt }: Extract<RaftMessage, { type: 'leader-hint' }>): void {
    if (leaderId === null || leaderAt === undefined || this.#links.addressOf(leaderId) !== null) return
    this.#hint = { leaderId, leaderAt }
    this.#aim()
  }

  #dropHint(): void {
    if (this.#hint === null) return
    this.#hint = null
    this.#aim()
  }

  #turned(): void {
    this.#served.look()
    for (const listener of this.#turnListeners) listener(this.#driver.status)
    this.#catchUp.look()
  }

  #failed(error: Error): void {
    if (this.#failure !== null || this.#stopped !== null) return
    this.#failure = error
    this.#world.log.error('this node has left the metadata quorum', { error: error.stack ?? error.message })
    this.#letGo(error)
    this.#server?.close().catch((closing: unknown) => {
      this.#world.log.warn('the peers’ listener was not closed', { reason: String(closing) })
    })
    for (const listener of this.#failureListeners) listener(error)
  }
}
