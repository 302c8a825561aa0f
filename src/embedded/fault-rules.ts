/**
 * Which requests are struck by a fault, and how: refused with a code, or kept waiting.
 *
 * Rules are asked in the order in which they were made; the first that fits strikes, and is gone when it has struck as
 * often as it was told to. It knows no bytes and no clock. A rule that names a topic strikes only what asks for it, and
 * only that topic in it.
 */
import { type ErrorName, errorCode } from '../protocol/errors.ts'
import { type ApiName, refusals } from './refusals.ts'
import { type TopicApiName, topicLists } from './topic-lists.ts'

/** The names of errors by which requests may be refused. */
export type FaultCode = Exclude<ErrorName, 'NONE'>

interface Bounds {
  /** How often it strikes; without end unless told. */
  readonly times?: number
}

type OfTopic<A extends ApiName> = A extends TopicApiName
  ? { readonly topic?: string }
  : { readonly topic?: never }

export type FailFault<A extends ApiName = ApiName> = Bounds &
  OfTopic<A> & {
    readonly code: FaultCode
    /** The request is carried out all the same, and only its answer is the error: what a client cannot know from it. */
    readonly carriedOut?: boolean
  }

export type DelayFault<A extends ApiName = ApiName> = Bounds &
  OfTopic<A> & {
    /** For how long a request waits before anything is done about it. */
    readonly ms: number
  }

/** A fault that was asked for. */
export interface Fault {
  /** How often it has struck. */
  readonly struck: number
  /** It strikes no more. */
  end(): void
}

export interface RefusalStrike {
  readonly code: number
  readonly topic: string | null
  readonly carriedOut: boolean
}

interface Rule {
  readonly api: ApiName
  readonly topic: string | null
  readonly effect: { readonly delayMs: number } | Omit<RefusalStrike, 'topic'>
  timesLeft: number
  struck: number
}

/** What is done to one request. */
export interface Strike {
  readonly delayMs: number
  readonly refusal: RefusalStrike | null
}

const UNHARMED: Strike = { delayMs: 0, refusal: null }

export class FaultRules {
  #rules: Rule[] = []

  /** Throws a sentence for people when there is no such API or code. */
  fail<A extends ApiName>(api: A, fault: FailFault<A>): Fault {
    if (!Object.hasOwn(errorCode, fault.code) || (fault.code as ErrorName) === 'NONE')
      throw new RangeError(`"${fault.code}" is no error of the protocol; write one as NOT_LEADER_OR_FOLLOWER`)
    return this.#add(api, fault, {
      code: errorCode[fault.code],
      carriedOut: fault.carriedOut ?? false,
    })
  }

  delay<A extends ApiName>(api: A, fault: DelayFault<A>): Fault {
    if (!Number.isFinite(fault.ms) || fault.ms < 0) throw new RangeError(`ms: ${fault.ms} is no time to wait`)
    return this.#add(api, fault, { delayMs: fault.ms })
  }

  /** What strikes a request that names these topics; it is counted. */
  strike(api: ApiName, names: (topic: string) => boolean): Strike {
    if (this.#rules.length === 0) return UNHARMED
    let { delayMs, refusal } = UNHARMED
    for (const rule of [...this.#rules]) {
      if (rule.api !== api || (rule.topic !== null && !names(rule.topic))) continue
      if ('delayMs' in rule.effect) {
        if (delayMs > 0) continue
        delayMs = rule.effect.delayMs
      } else {
        if (refusal !== null) continue
        refusal = { ...rule.effect, topic: rule.topic }
      }
      rule.struck++
      if (--rule.timesLeft === 0) this.#end(rule)
    }
    return { delayMs, refusal }
  }

  /** Nothing is struck any more. */
  clear(): void {
    this.#rules = []
  }

  #add(api: ApiName, bounds: Bounds & { readonly topic?: string }, effect: Rule['effect']): Fault {
    const { times = Number.POSITIVE_INFINITY, topic = null } = bounds
    if (!Object.hasOwn(refusals, api))
      throw new RangeError(
        `"${api}" is no API that the cluster serves; there are ${Object.keys(refusals).join(', ')}`,
      )
    if (times !== Number.POSITIVE_INFINITY && (!Number.isInteger(times) || times < 1))
      throw new RangeError(`times: ${times} is not a whole number of 1 or more`)
    if (topic !== null && !Object.hasOwn(topicLists, api))
      throw new RangeError(`a ${api} names no topics: leave topic out`)
    const rule: Rule = { api, topic, effect, timesLeft: times, struck: 0 }
    this.#rules.push(rule)
    return {
      get struck() {
        return rule.struck
      },
      end: () => this.#end(rule),
    }
  }

  #end(rule: Rule): void {
    this.#rules = this.#rules.filter((other) => other !== rule)
  }
}
