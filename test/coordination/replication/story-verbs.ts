/**
 * The verbs of replication stories: a cluster of a few brokers, a controller that is nothing but the committed metadata,
 * and one partition. After every step the promises are looked at: nothing that was acknowledged is missing from a
 * replica in sync, and below the high watermark all logs are equal.
 */
import type { LeaderEffect, LeaderPartition } from '../../../src/coordination/replication/partition-leader.ts'
import { StepWords } from '../../stories/step-words.ts'
import { codeText, StoryNode, type StoryWorld } from './story-node.ts'

type Proposal = Extract<LeaderEffect, { type: 'propose-isr' }>

const TICK_MS = 500

function msOf(text: string): number {
  const [, amount, unit] = /^(\d+)(ms|s)$/.exec(text) ?? []
  if (amount === undefined) throw new Error(`no duration: ${text}`)
  return Number(amount) * (unit === 's' ? 1_000 : 1)
}

class Step extends StepWords {
  has(word: string): boolean {
    return this.words.includes(word)
  }

  text(name: string, fallback: string): string {
    return this.part(name) ?? fallback
  }

  list(name: string, fallback: readonly number[]): readonly number[] {
    const text = this.part(name)
    return text === undefined
      ? fallback
      : text
          .split(',')
          .filter((part) => part !== '')
          .map(Number)
  }

  get node(): number {
    return Number(this.words[0])
  }
}

export class Story implements StoryWorld {
  nowMs = 0
  insyncReplicasMin = 1
  lagMsMax = 30_000
  brokerEpochs = new Map<number, bigint>()
  readonly #nodes = new Map<number, StoryNode>()
  #partition: LeaderPartition | null = null
  #lines: string[] = []
  #mark = 0
  #controllerAnswers = true
  #held: { readonly node: number; readonly effect: Proposal }[] = []
  /** Marks of what was acknowledged to acks=all producers, by offset. */
  readonly #acknowledged = new Map<number, number>()
  /** Unclean elections and lost disks give up promises; the story says so. */
  #promisesHold = true
  /** Nodes whose disk lost something that was acknowledged, until they have it again or are out of sync. */
  readonly #excused = new Set<number>()
  readonly problems: string[] = []

  /** Tells one step; the answer is its transcript. */
  step(line: string): string {
    this.#lines = []
    this.#tell(new Step(line))
    if (this.#promisesHold) this.#check(line)
    return this.#lines.length === 0 ? 'nothing' : this.#lines.join('\n')
  }

  say(line: string): void {
    this.#lines.push(line)
  }

  acked(node: number, endOffset: number): void {
    for (const { offset, mark } of this.#node(node).log.records)
      if (offset < endOffset) this.#acknowledged.set(offset, mark)
  }

  propose(node: number, effect: Proposal): void {
    const isr = effect.isr.map(({ brokerId, brokerEpoch }) => `${brokerId}/${brokerEpoch}`).join(' ')
    this.say(`${node} proposes isr ${isr} at ${effect.partitionEpoch}`)
    this.#held.push({ node, effect })
    if (this.#controllerAnswers) this.#decideProposals(true)
  }

  /** The committed metadata. */
  get committed(): LeaderPartition {
    return this.#known()
  }

  isUp(id: number): boolean {
    return this.#node(id).isUp
  }

  /** How far the log of a node is committed, as it knows. */
  highWatermarkOf(id: number): number {
    return this.#node(id).log.highWatermark
  }

  get acknowledgedCount(): number {
    return this.#acknowledged.size
  }

  #tell(step: Step): void {
    switch (step.verb) {
      case 'cluster':
        this.#cluster(step)
        return
      case 'produce':
        this.#produce(step)
        return
      case 'persist':
        this.#node(step.node).persist()
        return
      case 'disk':
        this.#node(step.node).hasSlowDisk = step.has('slow')
        return
      case 'fetch':
        this.#fetch(step.node, Number(step.text('max', '1000')))
        return
      case 'settle':
        this.#settle()
        return
      case 'elect':
        this.#elect(step)
        return
      case 'fence':
        this.#fence(step.node)
        return
      case 'unfence':
        this.brokerEpochs.set(step.node, this.#node(step.node).brokerEpoch)
        this.#brokersChanged()
        return
      case 'reassign':
        this.#commit({ replicas: step.list('replicas', []), isr: step.list('isr', []) })
        return
      case 'deaf':
        this.#node(step.node).isDeaf = true
        return
      case 'hears':
        this.#node(step.node).isDeaf = false
        this.#publish()
        return
      case 'controller':
        this.#controllerAnswers = !step.has('silent')
        return
      case 'accept':
      case 'refuse':
        this.#decideProposals(step.verb === 'accept')
        return
      default:
        this.#tellMore(step)
        return
    }
  }

  #tellMore(step: Step): void {
    switch (step.verb) {
      case 'crash':
        this.#node(step.node).crash(!step.has('process'))
        return
      case 'start':
        this.#start(step)
        return
      case 'checkpoint':
        for (const { log } of this.#nodes.values()) {
          log.checkpointedHighWatermark = log.highWatermark
          log.checkpointedPersistedOffset = log.persistedOffset
        }
        return
      case 'wipe':
        this.#excused.add(step.node)
        this.#node(step.node).log.restartAt(0)
        return
      case 'damage':
        this.#excused.add(step.node)
        this.#node(step.node).log.damage = { offset: Number(step.text('at', '0')) }
        this.#node(step.node).follow({ type: 'log-damaged' })
        return
      case 'offline':
        this.#node(step.node).follow({ type: 'log-offline' })
        return
      case 'delete-records':
        this.#node(step.node).log.deleteBefore(Number(step.text('before', '0')))
        return
      case 'min-isr':
        this.insyncReplicasMin = step.node
        this.#settingsChanged()
        return
      case 'advance':
        this.#advance(msOf(step.words[0] ?? ''))
        return
      case 'late-answer':
        this.#lateAnswer(step)
        return
      case 'show':
        this.#show()
        return
      default:
        throw new Error(`no verb: ${step.verb}`)
    }
  }

  #node(id: number): StoryNode {
    const node = this.#nodes.get(id)
    if (node === undefined) throw new Error(`no node ${id}`)
    return node
  }

  #cluster(step: Step): void {
    const replicas = step.list('replicas', [1, 2, 3])
    this.insyncReplicasMin = Number(step.text('min-isr', '1'))
    this.lagMsMax = msOf(step.text('lag', '30s'))
    for (const id of step.list('nodes', replicas)) {
      this.brokerEpochs.set(id, BigInt(id))
      this.#nodes.set(id, new StoryNode(id, BigInt(id), this))
    }
    const leader = Number(step.text('leader', String(replicas[0])))
    const isr = step.list('isr', replicas)
    this.#partition = { leader, leaderEpoch: 0, partitionEpoch: 0, replicas, isr }
    this.#publish()
  }

  #produce(step: Step): void {
    const leader = Number(step.text('to', String(this.#partition?.leader)))
    const acks = step.text('acks', 'all')
    if (acks !== 'all' && acks !== '1' && acks !== '0') throw new Error(`acks ${acks}`)
    this.#node(leader).produce(step.node, acks, () => ++this.#mark)
  }

  /** One fetch of a follower from the leader that it knows. */
  #fetch(id: number, recordsMax: number): void {
    const node = this.#node(id)
    const { follower } = node
    if (!node.isUp || follower === null) return
    const leader = this.#nodes.get(follower.leader)
    if (follower.wants === 'nothing') {
      this.say(`${id} is ${follower.phase}`)
      return
    }
    if (leader === undefined || !leader.isUp) {
      this.say(`${id} cannot reach ${follower.leader}`)
      return
    }
    if (follower.wants === 'offsets') {
      const { logStartOffset, logEndOffset } = leader.log
      this.say(`${id} asks ${leader.id}: its log is ${logStartOffset} to ${logEndOffset}`)
      node.follow({
        type: 'leader-offsets',
        leaderEpoch: follower.leaderEpoch,
        startOffset: logStartOffset,
        endOffset: logEndOffset,
        nowMs: this.nowMs,
      })
      return
    }
    const at = node.position
    const persisted = at.persisted < at.offset ? ` persisted ${at.persisted}` : ''
    this.say(`${id} fetches ${at.offset} after epoch ${at.lastEpoch}${persisted} in epoch ${at.leaderEpoch}`)
    const answer = leader.serve(id, node.brokerEpoch, at, recordsMax)
    this.#sayAnswer(answer)
    node.answered(at, answer)
  }

  #sayAnswer(answer: ReturnType<StoryNode['serve']>): void {
    const { errorCode: code, divergingEpoch, records, highWatermark } = answer
    if (code !== 0) this.say(`  ${codeText(code)}`)
    else if (divergingEpoch !== null)
      this.say(`  diverging: epoch ${divergingEpoch.epoch} ends at ${divergingEpoch.endOffset}`)
    else this.say(`  ${records.length} records, high watermark ${highWatermark}`)
  }

  /** Followers fetch in turn until nothing changes any more. */
  #settle(): void {
    const quiet = this.#lines
    for (let round = 0; round < 50; round++) {
      this.#lines = []
      const before = this.#fingerprint()
      for (const [id, { follower }] of this.#nodes)
        if (follower !== null && follower.wants !== 'nothing') this.#fetch(id, 1_000)
      const isDone = this.#fingerprint() === before
      if (!isDone) quiet.push(...this.#lines)
      if (isDone) break
    }
    this.#lines = quiet
  }

  #fingerprint(): string {
    const nodes = [...this.#nodes.values()].map(({ log, follower, leader }) => [
      log.text,
      log.highWatermark,
      log.logStartOffset,
      follower?.phase,
      leader?.isr,
    ])
    return JSON.stringify([nodes, this.#partition])
  }

  #elect(step: Step): void {
    const leader = step.node
    const partition = this.#known()
    if (step.has('unclean')) {
      this.#promisesHold = false
      this.#acknowledged.clear()
    } else if (leader >= 0 && !partition.isr.includes(leader)) throw new Error(`${leader} is not in sync`)
    const isr = step.has('unclean') ? [leader] : step.list('isr', partition.isr)
    this.#commit({ leader, leaderEpoch: partition.leaderEpoch + 1, isr })
  }

  /** The controller takes a broker out: of the active ones, of the in-sync set, and of leadership. */
  #fence(id: number): void {
    this.brokerEpochs.delete(id)
    this.#brokersChanged()
    const partition = this.#known()
    const isr = partition.isr.length > 1 ? partition.isr.filter((member) => member !== id) : partition.isr
    if (partition.leader !== id) {
      if (isr.length < partition.isr.length) this.#commit({ isr })
      return
    }
    const leader = isr.find((member) => member !== id) ?? -1
    this.#commit({ leader, leaderEpoch: partition.leaderEpoch + 1, isr })
  }

  #start(step: Step): void {
    const node = this.#node(step.node)
    node.isUp = true
    node.isDeaf = false
    node.brokerEpoch += 10n
    this.brokerEpochs.set(node.id, node.brokerEpoch)
    this.#brokersChanged()
    if (this.#partition !== null) node.hear(this.#partition)
  }

  #brokersChanged(): void {
    for (const node of this.#nodes.values())
      if (!node.isDeaf) node.lead({ type: 'brokers-changed', epochs: new Map(this.brokerEpochs) })
  }

  #settingsChanged(): void {
    const settings = { insyncReplicasMin: this.insyncReplicasMin, lagMsMax: this.lagMsMax }
    for (const node of this.#nodes.values()) node.lead({ type: 'settings-changed', settings })
  }

  #known(): LeaderPartition {
    if (this.#partition === null) throw new Error('there is no cluster yet')
    return this.#partition
  }

  #commit(change: Partial<LeaderPartition>): void {
    const before = this.#known()
    const next = { ...before, ...change, partitionEpoch: before.partitionEpoch + 1 }
    this.#partition = next
    this.say(
      `committed ${next.partitionEpoch}: leader ${next.leader} epoch ${next.leaderEpoch} isr ${next.isr.join(' ')}`,
    )
    this.#publish()
  }

  #publish(): void {
    const partition = this.#known()
    for (const node of this.#nodes.values()) if (partition.replicas.includes(node.id)) node.hear(partition)
  }

  /** The controller's rules for an in-sync set: the epochs must be current, every member active in that life (KIP-903). */
  #decideProposals(isAccepted: boolean): void {
    for (let next = this.#held.shift(); next !== undefined; next = this.#held.shift()) {
      const { node, effect } = next
      const { partitionEpoch, leaderEpoch, leader } = this.#known()
      const isCurrent =
        effect.partitionEpoch === partitionEpoch && effect.leaderEpoch === leaderEpoch && leader === node
      const areActive = effect.isr.every(
        ({ brokerId, brokerEpoch }) => this.brokerEpochs.get(brokerId) === brokerEpoch,
      )
      if (isAccepted && isCurrent && areActive) {
        this.#commit({ isr: effect.isr.map(({ brokerId }) => brokerId) })
        continue
      }
      this.say('  refused')
      if (isCurrent) this.#node(node).lead({ type: 'isr-refused' })
    }
  }

  #advance(byMs: number): void {
    const endMs = this.nowMs + byMs
    while (this.nowMs < endMs) {
      this.nowMs = Math.min(endMs, this.nowMs + TICK_MS)
      for (const node of this.#nodes.values()) {
        if (!node.isUp) continue
        node.lead({ type: 'tick', nowMs: this.nowMs })
        node.follow({ type: 'tick', nowMs: this.nowMs })
      }
    }
  }

  /** An answer that comes after the follower has gone on: sent in an older epoch, or for another offset. */
  #lateAnswer(step: Step): void {
    const node = this.#node(step.node)
    const { position } = node
    const sent = {
      ...position,
      leaderEpoch: Number(step.text('epoch', String(position.leaderEpoch))),
      offset: Number(step.text('offset', String(position.offset))),
    }
    const records = [{ offset: sent.offset, epoch: sent.leaderEpoch, mark: ++this.#mark }]
    node.answered(sent, {
      errorCode: 0,
      highWatermark: 1_000,
      knowsCommitted: true,
      logStartOffset: 0,
      divergingEpoch: null,
      hasRecords: true,
      records,
    })
  }

  #show(): void {
    for (const node of this.#nodes.values()) {
      const { log } = node
      const role = !node.isUp
        ? 'down'
        : node.leader !== null
          ? `leads, isr ${node.leader.isr.join(' ')}`
          : `follows ${node.follower?.leader ?? 'nobody'}, ${node.follower?.phase ?? 'idle'}`
      const start = log.logStartOffset > 0 ? ` from ${log.logStartOffset}` : ''
      this.say(`${node.id}: ${log.text}${start}, high watermark ${log.highWatermark}, ${role}`)
    }
  }

  #check(line: string): void {
    const partition = this.#partition
    if (partition === null) return
    for (const node of this.#nodes.values()) {
      const marks = new Map(node.log.records.map(({ offset, mark }) => [offset, mark]))
      const lacks = [...this.#acknowledged].filter(
        ([offset, mark]) => offset >= node.log.logStartOffset && marks.get(offset) !== mark,
      )
      if (lacks.length === 0 || !partition.isr.includes(node.id)) this.#excused.delete(node.id)
      else if (!this.#excused.has(node.id))
        this.problems.push(`after "${line}": ${node.id} is in sync and lacks acknowledged ${lacks[0]?.[0]}`)
    }
    for (const one of this.#nodes.values())
      for (const other of this.#nodes.values()) {
        if (one.id >= other.id) continue
        const common = Math.min(one.log.highWatermark, other.log.highWatermark)
        const marks = new Map(one.log.records.map(({ offset, mark }) => [offset, mark]))
        for (const { offset, mark } of other.log.records)
          if (offset < common && offset >= one.log.logStartOffset && marks.get(offset) !== mark)
            this.problems.push(`after "${line}": ${one.id} and ${other.id} differ at ${offset}`)
      }
  }
}
