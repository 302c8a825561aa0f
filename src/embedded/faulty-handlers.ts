/**
 * The handlers of a broker with faults in front: what a rule strikes waits, or is refused as the API itself would do it.
 *
 * It stands between decoding and the handlers, in test clusters only. What nodes ask each other is never struck. A
 * request that is refused is not carried out, unless the rule says so; one of which only a topic is struck is carried out
 * for the others. A fetch is always carried out, without waiting, for only its session knows all that it asks for.
 */

import { CurrentLeaders } from '../broker/current-leaders.ts'
import type { Call, Handler } from '../broker/handler.ts'
import { handlers } from '../broker/handlers/index.ts'
import { codeForVersion } from '../broker/older-codes.ts'
import { errorMessage } from '../protocol/error-messages.ts'
import { errorCode } from '../protocol/errors.ts'
import type { FetchRequest } from '../protocol/messages/fetch.ts'
import type { ProduceRequest } from '../protocol/messages/produce.ts'
import type { FaultRules, RefusalStrike } from './fault-rules.ts'
import { type ApiName, type Refusing, refusals } from './refusals.ts'
import {
  answeredTopics,
  answerWith,
  askedTopics,
  hasTopics,
  type NameOf,
  requestWith,
  type TopicApiName,
} from './topic-lists.ts'

const ACKS_NONE = 0
const FIRST_PRODUCE_WITH_LEADERS = 10
const FIRST_FETCH_WITH_LEADERS = 16
/** What is wrong with a session is told of the fetch as a whole. */
const SESSION_CODES: ReadonlySet<number> = new Set([
  errorCode.FETCH_SESSION_ID_NOT_FOUND,
  errorCode.INVALID_FETCH_SESSION_EPOCH,
  errorCode.FETCH_SESSION_TOPIC_ID_ERROR,
])

/** All handlers; `isNode` tells the addresses from which other nodes connect. */
export function faultyHandlers(rules: FaultRules, isNode: (address: string) => boolean): readonly Handler[] {
  return handlers.map((handler) => {
    const api = handler.api.name as ApiName
    return {
      ...handler,
      handle(request: unknown, call: Call<unknown>) {
        if (isNode(call.connection.socket.remoteAddress)) {
          handler.handle(request, call)
          return
        }
        const strike = rules.strike(api, (topic) => asksFor(api, request, call, topic))
        const goOn = (later: Call<unknown>): void => {
          if (strike.refusal === null) handler.handle(request, later)
          else new StruckRequest(handler, api, request, later, strike.refusal).answer()
        }
        if (strike.delayMs > 0) holdBack(call, strike.delayMs, goOn)
        else goOn(call)
      },
    }
  })
}

/** Goes on after that time; the request's bytes stay for as long as they are needed. */
function holdBack(call: Call<unknown>, delayMs: number, goOn: (call: Call<unknown>) => void): void {
  const release = call.keepFrame()
  call.broker.world.clock.schedule(delayMs, () => {
    let isKept = false
    goOn(
      callLike(call, {
        keepFrame() {
          isKept = true
          return release
        },
      }),
    )
    if (!isKept) release()
  })
}

/** A call that does some things its own way. */
function callLike(
  call: Call<unknown>,
  own: Partial<Pick<Call<unknown>, 'reply' | 'keepFrame'>>,
): Call<unknown> {
  return {
    apiVersion: call.apiVersion,
    clientId: call.clientId,
    connection: call.connection,
    broker: call.broker,
    reply: own.reply ?? ((body, sent) => call.reply(body, sent)),
    replyNothing: () => call.replyNothing(),
    hangUp: (reason) => call.hangUp(reason),
    keepFrame: own.keepFrame ?? (() => call.keepFrame()),
  }
}

function namesOf(call: Call<unknown>): NameOf {
  return (topicId) => call.broker.quorum.image.topics.get(topicId)?.name
}

/** Whether a request is, among others, about that topic. */
function asksFor(api: ApiName, request: unknown, call: Call<unknown>, topic: string): boolean {
  if (!hasTopics(api)) return false
  const asked = api === 'Fetch' ? wholeFetch(request as FetchRequest, call) : request
  const topics = askedTopics(api, asked, namesOf(call))
  return topics.includes(topic) || (asksForAll(api, asked) && call.broker.quorum.image.topicIds.has(topic))
}

/** Some requests that name no topic mean all. */
function asksForAll(api: ApiName, request: unknown): boolean {
  const { topics } = request as { readonly topics?: readonly unknown[] | null }
  return (
    (api === 'Metadata' && topics === null) || (api === 'DescribeTopicPartitions' && topics?.length === 0)
  )
}

/** A fetch with all that its session asks for. */
function wholeFetch(request: FetchRequest, { broker }: Call<unknown>): FetchRequest {
  const session = request.sessionEpoch > 0 ? broker.fetchSessions.session(request.sessionId) : undefined
  if (session === undefined) return request
  const known = [...session.wanted.values()].map(({ topic, topicId, index }) => ({
    topic,
    topicId,
    partitions: [{ partition: index }],
  }))
  return { ...request, topics: [...request.topics, ...known] as FetchRequest['topics'] }
}

/** One request that is refused, or whose answer is. */
class StruckRequest {
  readonly #handler: Handler
  readonly #api: ApiName
  readonly #request: unknown
  readonly #call: Call<unknown>
  readonly #refusal: RefusalStrike
  readonly #refusing: Refusing
  readonly #nameOf: NameOf

  constructor(handler: Handler, api: ApiName, request: unknown, call: Call<unknown>, refusal: RefusalStrike) {
    this.#handler = handler
    this.#api = api
    this.#request = request
    this.#call = call
    this.#refusal = refusal
    const { apiVersion } = call
    const code = codeForVersion(handler.api.key, apiVersion, refusal.code)
    this.#refusing = { code, apiVersion, message: errorMessage(code) }
    this.#nameOf = namesOf(call)
  }

  answer(): void {
    const api = this.#api
    if (api === 'Produce' && (this.#request as ProduceRequest).acks === ACKS_NONE) {
      // Nobody reads an answer: the broker itself would close the connection.
      this.#call.hangUp(`a produce request with acks=0 is refused with ${this.#refusing.code}`)
      return
    }
    if (api === 'Fetch') this.#answerFetch(this.#request as FetchRequest)
    else if (this.#refusal.carriedOut) this.#carryOut(this.#request, this.#request)
    else if (hasTopics(api)) this.#answerTopics(api)
    else this.#call.reply(this.#refused(this.#request))
  }

  #answerTopics(api: TopicApiName): void {
    if (asksForAll(api, this.#request)) {
      this.#carryOut(this.#request, null)
      return
    }
    const rest = requestWith(api, this.#request, this.#nameOf, (topic) => !this.#isStruck(topic))
    if (askedTopics(api, rest, this.#nameOf).length === 0) this.#call.reply(this.#refused(this.#request))
    else this.#carryOut(rest, this.#request)
  }

  #answerFetch(request: FetchRequest): void {
    if (SESSION_CODES.has(this.#refusing.code)) {
      this.#call.reply({ throttleTimeMs: 0, errorCode: this.#refusing.code, responses: [] })
      return
    }
    const whole = oncePerPartition(wholeFetch(request, this.#call))
    this.#carryOut({ ...request, maxWaitMs: 0 }, whole)
  }

  /** Has `request` answered, and says of what is struck in `asked` (null: in the answer) that it is refused. */
  #carryOut(request: unknown, asked: unknown): void {
    const api = this.#api
    const reply = (body: unknown, sent?: () => void): void => {
      if (!hasTopics(api)) {
        this.#call.reply(this.#refused(asked), sent)
        return
      }
      const isStruck = (topic: string | undefined): boolean => this.#isStruck(topic)
      const named = asked ?? { topics: answeredTopics(api, body) }
      const refused = this.#refused(requestWith(api, named, this.#nameOf, isStruck))
      this.#call.reply(answerWith(api, body, refused, this.#nameOf, isStruck), sent)
    }
    this.#handler.handle(request, callLike(this.#call, { reply }))
  }

  #isStruck(topic: string | undefined): boolean {
    return this.#refusal.topic === null || topic === this.#refusal.topic
  }

  #refused(request: unknown): unknown {
    const answer = refusals[this.#api].answer(request, this.#refusing)
    return this.#refusing.code === errorCode.NOT_LEADER_OR_FOLLOWER ? this.#withLeaders(answer) : answer
  }

  /** Whoever hears "not the leader" hears who is (KIP-951). */
  #withLeaders(answer: unknown): unknown {
    const { apiVersion } = this.#refusing
    const isTold =
      (this.#api === 'Produce' && apiVersion >= FIRST_PRODUCE_WITH_LEADERS) ||
      (this.#api === 'Fetch' && apiVersion >= FIRST_FETCH_WITH_LEADERS)
    if (!isTold) return answer
    const leaders = new CurrentLeaders(this.#call as Call<never>)
    const { responses, ...rest } = answer as { readonly responses: readonly Record<string, unknown>[] }
    const told = responses.map((response) => {
      const list = this.#api === 'Produce' ? 'partitionResponses' : 'partitions'
      const topic = { name: String(response.name ?? response.topic ?? ''), topicId: String(response.topicId) }
      const partitions = (response[list] as readonly Record<string, unknown>[]).map((partition) => ({
        ...partition,
        currentLeader: leaders.leaderOf(topic, Number(partition.index ?? partition.partitionIndex)),
      }))
      return { ...response, [list]: partitions }
    })
    return { ...rest, responses: told, nodeEndpoints: leaders.endpoints }
  }
}

function oncePerPartition(request: FetchRequest): FetchRequest {
  const seen = new Set<string>()
  const topics = new Map<string, FetchRequest['topics'][number]>()
  for (const { topic, topicId, partitions } of request.topics) {
    const key = `${topic} ${topicId}`
    const fresh = partitions.filter(({ partition }) => !seen.has(`${key} ${partition}`))
    for (const { partition } of fresh) seen.add(`${key} ${partition}`)
    const known = topics.get(key)?.partitions ?? []
    topics.set(key, { topic, topicId, partitions: [...known, ...fresh] })
  }
  return { ...request, topics: [...topics.values()] }
}
