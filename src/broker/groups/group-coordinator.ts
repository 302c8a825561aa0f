/**
 * Hosts the groups of one `__consumer_offsets` partition: decides, appends, applies, and answers once what was
 * decided is committed.
 *
 * State is only ever what the log says plus what members wait for. A failed append or a lost leadership drops
 * it all: whoever waits is told to look for the coordinator again, and the log is read anew before the next
 * command is served (trap 19).
 */
import { applyDecision } from '../../coordination/groups/apply.ts'
import { decide } from '../../coordination/groups/decide.ts'
import type {
  GroupCommand,
  GroupEvent,
  GroupReply,
  GroupsContext,
  GroupsDecision,
  TimerChange,
} from '../../coordination/groups/decision.ts'
import { timersAfterLoad } from '../../coordination/groups/loaded.ts'
import { refuseCommand } from '../../coordination/groups/refusals.ts'
import { emptyGroups, type GroupsState } from '../../coordination/groups/state.ts'
import { errorCode } from '../../protocol/errors.ts'
import type { Timer } from '../../runtime/clock.ts'
import type { World } from '../../runtime/world.ts'
import type { Partition } from '../partitions/partition.ts'
import { groupBatches } from './group-batches.ts'
import { loadGroups } from './load-groups.ts'

/** A command with a request behind it. */
export type AskedCommand = Extract<GroupCommand, { readonly token: number }>

/** A request that waits for its answer, by the token that decisions know it by. */
interface WaitingRequest {
  readonly command: AskedCommand
  readonly answer: (reply: GroupReply) => void
}

export type CoordinatorPhase = 'loading' | 'serving' | 'resigned'

export interface CoordinatorFacts {
  readonly world: World
  readonly context: () => GroupsContext
}

export class GroupCoordinator {
  readonly #facts: CoordinatorFacts
  readonly #partition: Partition
  readonly #waiting = new Map<number, WaitingRequest>()
  readonly #timers = new Map<string, Timer>()
  #state: GroupsState = emptyGroups
  #phase: CoordinatorPhase = 'loading'
  #nextToken = 1
  /** Counts loads: what an earlier one has begun is not for this one. */
  #generation = 0
  /** End of the newest append: every reply waits for all that stands before it. */
  #lastEndOffset = 0

  constructor(partition: Partition, facts: CoordinatorFacts) {
    this.#partition = partition
    this.#facts = facts
    this.#load()
  }

  get phase(): CoordinatorPhase {
    return this.#phase
  }

  /** What is known now; for answers that only read. Committed or about to be. */
  get state(): GroupsState {
    return this.#state
  }

  /** 0, or the code for a client that asks while nothing can be served. */
  get unavailableCode(): number {
    if (this.#phase === 'loading') return errorCode.COORDINATOR_LOAD_IN_PROGRESS
    return this.#phase === 'resigned' ? errorCode.NOT_COORDINATOR : 0
  }

  /** Calls back once everything decided so far is committed, or with a code when it never will be. */
  whenCommitted(done: (code: number) => void): void {
    this.#partition.whenCommitted({ endOffset: this.#lastEndOffset, settle: done })
  }

  /** Serves a request; `command` puts the token that it is given into the command. */
  request(command: (token: number) => AskedCommand, answer: (reply: GroupReply) => void): void {
    const token = this.#nextToken++
    const asked = command(token)
    const unavailable = this.unavailableCode
    if (unavailable !== 0) {
      answer(refuseCommand(asked, unavailable))
      return
    }
    this.#waiting.set(token, { command: asked, answer })
    this.#carryOut(decide(this.#state, asked, this.#facts.context()), token)
  }

  /** Carries out what no request asked for. */
  execute(event: GroupEvent): void {
    if (this.#phase === 'serving') this.#carryOut(decide(this.#state, event, this.#facts.context()), null)
  }

  /** Another node coordinates from now on, or none. */
  resign(): void {
    this.#phase = 'resigned'
    this.#drop(errorCode.NOT_COORDINATOR)
  }

  #carryOut(decision: GroupsDecision, token: number | null): void {
    let baseOffset = this.#lastEndOffset
    if (decision.records.length > 0) {
      const appended = this.#append(decision)
      if (appended === null) {
        // Nothing was decided: only the one who asked hears of it.
        if (token !== null) this.#fail(token, errorCode.COORDINATOR_NOT_AVAILABLE)
        return
      }
      baseOffset = appended
    }
    this.#state = applyDecision(this.#state, decision, BigInt(baseOffset))
    this.#changeTimers(decision.timers)
    if (decision.replies.length === 0 && decision.records.length === 0) return
    const generation = this.#generation
    this.whenCommitted((code) => {
      if (generation !== this.#generation) return
      if (code !== 0) this.#reload()
      else for (const reply of decision.replies) this.#answer(reply)
    })
  }

  /** The base offset of the records in the log; null when they were refused. */
  #append(decision: GroupsDecision): number | null {
    const { clock, log } = this.#facts.world
    const nowMs = clock.wallMs()
    const batches = groupBatches(decision.records, nowMs, this.#partition.log.config.maxMessageBytes)
    const outcome = this.#partition.append(batches, { origin: 'coordinator', nowMs })
    if (!outcome.ok) {
      log.error('group records cannot be written', {
        partition: this.#partition.index,
        reason: outcome.message,
      })
      return null
    }
    this.#lastEndOffset = outcome.lastOffset + 1
    return outcome.baseOffset
  }

  #changeTimers(changes: readonly TimerChange[]): void {
    for (const change of changes) {
      this.#timers.get(change.key)?.cancel()
      this.#timers.delete(change.key)
      if (change.type === 'set') this.#setTimer(change.key, change.delayMs, change.command)
    }
  }

  #setTimer(key: string, delayMs: number, command: GroupEvent): void {
    const timer = this.#facts.world.calendar.schedule(delayMs, () => {
      if (this.#timers.get(key) === timer) this.#timers.delete(key)
      this.execute(command)
    })
    this.#timers.set(key, timer)
  }

  #answer(reply: GroupReply): void {
    const waiting = this.#waiting.get(reply.token)
    this.#waiting.delete(reply.token)
    waiting?.answer(reply)
  }

  #fail(token: number, code: number): void {
    const waiting = this.#waiting.get(token)
    this.#waiting.delete(token)
    waiting?.answer(refuseCommand(waiting.command, code))
  }

  /** What was decided is not in the log: forget it, and read the log again. */
  #reload(): void {
    this.#facts.world.log.warn('group state is read again after a failed append', {
      partition: this.#partition.index,
    })
    this.#drop(errorCode.NOT_COORDINATOR)
    this.#phase = 'loading'
    this.#load()
  }

  #drop(code: number): void {
    this.#generation++
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
    this.#state = emptyGroups
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { command, answer } of waiting) answer(refuseCommand(command, code))
  }

  #load(): void {
    const generation = ++this.#generation
    loadGroups(this.#partition.log, this.#facts.world.clock, (loaded) => {
      if (generation !== this.#generation) return
      if (!loaded.ok) {
        this.#facts.world.log.error('group state cannot be read', {
          partition: this.#partition.index,
          reason: loaded.reason,
        })
        this.#phase = 'resigned'
        return
      }
      for (const kind of loaded.foreign)
        this.#facts.world.log.warn('groups of a newer protocol are left alone', {
          partition: this.#partition.index,
          record: kind,
        })
      this.#state = loaded.state
      this.#lastEndOffset = this.#partition.log.logEndOffset
      this.#phase = 'serving'
      this.#changeTimers(timersAfterLoad(this.#state))
    })
  }
}
