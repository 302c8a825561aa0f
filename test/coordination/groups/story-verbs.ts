/**
 * The verbs of group stories. A person in a story (`ann`, `bob`) is a client; what it learnt in its last JoinGroup is
 * what it uses until a step says otherwise.
 */
import { describeGroup } from '../../../src/coordination/groups/describe/describe-groups.ts'
import { listGroups } from '../../../src/coordination/groups/describe/list-groups.ts'
import { fetchOffsets } from '../../../src/coordination/groups/describe/offset-fetch.ts'
import { compile } from '../../../src/protocol/codec/compile.ts'
import { Writer } from '../../../src/protocol/codec/writer.ts'
import { consumerProtocolSubscription } from '../../../src/protocol/consumer-protocol.ts'
import { StepWords } from '../../stories/step-words.ts'
import { StoryHost, storyTopics } from './story-host.ts'
import {
  durationOf,
  errorText,
  eventText,
  groupText,
  recordText,
  replyText,
  timersText,
} from './story-text.ts'

interface Person {
  memberId: string
  generation: number
}

class Step extends StepWords {
  get who(): string {
    return this.words[0] ?? ''
  }

  text(name: string, fallback: string): string {
    return this.part(name) ?? fallback
  }

  optional(name: string): string | null {
    return this.part(name) ?? null
  }

  number(name: string, fallback: number): number {
    const text = this.part(name)
    return text === undefined ? fallback : Number(text)
  }

  ms(name: string, fallbackMs: number): number {
    const text = this.part(name)
    return text === undefined ? fallbackMs : durationOf(text)
  }

  list(name: string): string[] {
    return (this.part(name) ?? '').split(',').filter((part) => part !== '')
  }
}

/** What a consumer says of itself. */
function subscription(topics: readonly string[]): Buffer {
  const writer = new Writer()
  writer.int16(1, 'version')
  compile(consumerProtocolSubscription, 1).encode({ topics, ownedPartitions: [] }, writer)
  return writer.finishFlat()
}

export class Story {
  #lines: string[] = []
  #newIds = 0
  #tokens = 0
  readonly #asked = new Map<number, string>()
  readonly #people = new Map<string, Person>()
  readonly #host = new StoryHost({
    decided: (decision) => {
      this.#lines.push(...decision.records.map(recordText))
      const timers = timersText(decision.timers)
      if (timers !== undefined) this.#lines.push(timers)
    },
    replied: (reply) => {
      const who = this.#asked.get(reply.token) ?? '?'
      if (reply.api === 'join-group') this.#learn(who, reply.body.memberId, reply.body.generationId ?? -1)
      this.#lines.push(`${who} < ${replyText(reply)}`)
    },
    rang: (event) => this.#lines.push(`-- ${eventText(event)}`),
    lost: (token) => this.#lines.push(`${this.#asked.get(token)} < connection lost`),
  })

  /** Runs one line and gives its transcript. */
  step(line: string): string {
    this.#lines = []
    this.#run(new Step(line))
    return this.#lines.join('\n') || 'nothing'
  }

  /** Fails when the log alone does not give what stories would find after a restart. */
  checkReplay(): string[] {
    const live = this.#host.state
    const replayed = this.#host.replayed()
    const problems: string[] = []
    for (const group of replayed.groups.values()) {
      const same = live.groups.get(group.id)
      if (same === undefined) problems.push(`${group.id} is in the log, but not in memory`)
      else if (same.phase === 'Stable' || same.phase === 'Empty') {
        if (same.members.size > 0 && groupText(same) !== groupText(group)) {
          problems.push(`memory: ${groupText(same)}\nlog: ${groupText(group)}`)
        }
      }
    }
    return problems
  }

  #learn(who: string, memberId: string, generation: number): void {
    const known = this.#people.get(who)
    this.#people.set(who, {
      memberId: memberId === '' ? (known?.memberId ?? '') : memberId,
      generation: generation < 0 ? (known?.generation ?? -1) : generation,
    })
  }

  #ask(who: string): number {
    this.#tokens++
    this.#asked.set(this.#tokens, who)
    return this.#tokens
  }

  #run(step: Step): void {
    const host = this.#host
    const verbs: Readonly<Record<string, () => void>> = {
      config: () => this.#config(step),
      join: () => this.#join(step),
      sync: () => this.#sync(step),
      heartbeat: () => this.#heartbeat(step),
      leave: () => this.#leave(step),
      commit: () => this.#commitOffsets(step),
      fetch: () => this.#fetch(step),
      'delete-offsets': () => this.#deleteOffsets(step),
      delete: () => {
        const token = this.#ask('admin')
        host.execute({ type: 'delete-groups', token, apiVersion: 2, groupIds: step.words })
      },
      'topics-deleted': () => host.execute({ type: 'topics-deleted', topics: step.words }),
      'expire-offsets': () => host.execute({ type: 'expire-offsets' }),
      advance: () => host.advance(durationOf(step.who)),
      hold: () => {
        host.commitsAtOnce = false
      },
      release: () => {
        host.commitsAtOnce = true
        host.commit()
      },
      restart: () => host.restart(),
      show: () => this.#show(),
      list: () => this.#list(step),
      describe: () => this.#describe(step),
    }
    const run = verbs[step.verb]
    if (run === undefined) throw new Error(`no verb ${step.verb}`)
    run()
  }

  #config(step: Step): void {
    const { config } = this.#host
    this.#host.config = {
      ...config,
      initialRebalanceDelayMs: step.ms('initial-delay', config.initialRebalanceDelayMs),
      groupSizeMax: step.number('size', config.groupSizeMax),
      offsetsRetentionMs: step.ms('retention', config.offsetsRetentionMs),
      offsetMetadataBytesMax: step.number('metadata', config.offsetMetadataBytesMax),
    }
  }

  #join(step: Step): void {
    const known = this.#people.get(step.who)
    const topics = step.list('topics')
    const metadata = subscription(topics.length === 0 ? [...storyTopics.keys()].slice(0, 1) : topics)
    const names = step.list('protocols')
    const protocols = (names.length === 0 ? ['range'] : names).map((name) => ({ name, metadata }))
    this.#host.execute({
      type: 'join-group',
      token: this.#ask(step.who),
      apiVersion: step.number('v', 9),
      clientId: step.text('client', step.who),
      clientHost: '/127.0.0.1',
      newMemberUuid: String(++this.#newIds),
      request: {
        groupId: step.text('group', 'g'),
        sessionTimeoutMs: step.ms('session', 10_000),
        rebalanceTimeoutMs: step.number('v', 9) === 0 ? -1 : step.ms('rebalance', 60_000),
        memberId: step.words.includes('anew') ? '' : step.text('member', known?.memberId ?? ''),
        groupInstanceId: step.optional('instance'),
        protocolType: step.text('type', 'consumer'),
        protocols: step.words.includes('bare') ? [] : protocols,
        reason: null,
      },
    })
  }

  #sync(step: Step): void {
    const known = this.#people.get(step.who)
    const assignments = step.list('assign').map((part) => {
      const [whose = '', what = ''] = part.split(':')
      return { memberId: this.#people.get(whose)?.memberId ?? whose, assignment: Buffer.from(what) }
    })
    this.#host.execute({
      type: 'sync-group',
      token: this.#ask(step.who),
      apiVersion: step.number('v', 5),
      request: {
        groupId: step.text('group', 'g'),
        generationId: step.number('generation', known?.generation ?? -1),
        memberId: step.text('member', known?.memberId ?? ''),
        groupInstanceId: step.optional('instance'),
        protocolType: step.words.includes('untyped') ? null : step.text('type', 'consumer'),
        protocolName: step.words.includes('untyped') ? null : step.text('protocol', 'range'),
        assignments,
      },
    })
  }

  #heartbeat(step: Step): void {
    const known = this.#people.get(step.who)
    this.#host.execute({
      type: 'heartbeat',
      token: this.#ask(step.who),
      apiVersion: 4,
      request: {
        groupId: step.text('group', 'g'),
        generationId: step.number('generation', known?.generation ?? -1),
        memberId: step.text('member', known?.memberId ?? ''),
        groupInstanceId: step.optional('instance'),
      },
    })
  }

  /** `leave ann` goes itself; `leave admin members=x,instance:y` sends others away. */
  #leave(step: Step): void {
    const others = step.list('members')
    const memberId = this.#people.get(step.who)?.memberId ?? ''
    const members = (others.length === 0 ? [memberId] : others).map((part) => {
      const [name = '', instance] = part.split(':')
      if (name === 'instance') return { memberId: '', groupInstanceId: instance ?? '', reason: null }
      return {
        memberId: this.#people.get(name)?.memberId ?? name,
        groupInstanceId: instance ?? null,
        reason: null,
      }
    })
    this.#host.execute({
      type: 'leave-group',
      token: this.#ask(step.who),
      apiVersion: step.number('v', 5),
      request: { groupId: step.text('group', 'g'), memberId, members },
    })
  }

  /** `commit ann orders-0:5 …`; `simple` commits without a member. */
  #commitOffsets(step: Step): void {
    const known = step.words.includes('simple') ? undefined : this.#people.get(step.who)
    const offsets = step.words.filter((word) => word.includes(':'))
    const apiVersion = step.number('v', 9)
    const topics = offsets.map((part) => {
      const [where = '', offset = '0'] = part.split(':')
      const split = where.lastIndexOf('-')
      const name = where.slice(0, split)
      const partition = {
        partitionIndex: Number(where.slice(split + 1)),
        committedOffset: BigInt(offset),
        committedLeaderEpoch: step.number('epoch', -1),
        committedMetadata: step.optional('metadata'),
      }
      const topicId = this.#host.context.topics.idOf(name) ?? 'AAAAAAAAAAcAAAAAAAAABw'
      return { name, topicId, partitions: [partition] }
    })
    this.#host.execute({
      type: 'offset-commit',
      token: this.#ask(step.who),
      apiVersion,
      request: {
        groupId: step.text('group', 'g'),
        generationIdOrMemberEpoch: step.number('generation', known?.generation ?? -1),
        memberId: step.text('member', known?.memberId ?? ''),
        groupInstanceId: step.optional('instance'),
        retentionTimeMs: BigInt(step.optional('retention') === null ? -1 : step.ms('retention', 0)),
        topics,
      },
    })
  }

  #fetch(step: Step): void {
    const asked = { groupId: step.text('group', 'g'), topics: null }
    const body = fetchOffsets(this.#host.state, asked, true, 9, this.#host.context.topics)
    for (const { name, partitions } of body.topics ?? []) {
      for (const part of partitions ?? []) {
        const epoch = (part.committedLeaderEpoch ?? -1) < 0 ? '' : ` epoch ${part.committedLeaderEpoch}`
        this.#lines.push(`${name}-${part.partitionIndex} = ${part.committedOffset}${epoch}`)
      }
    }
  }

  #deleteOffsets(step: Step): void {
    const topics = step.words.map((where) => {
      const split = where.lastIndexOf('-')
      return { name: where.slice(0, split), partitions: [{ partitionIndex: Number(where.slice(split + 1)) }] }
    })
    const request = { groupId: step.text('group', 'g'), topics }
    this.#host.execute({ type: 'offset-delete', token: this.#ask('admin'), apiVersion: 0, request })
  }

  #show(): void {
    for (const group of this.#host.state.groups.values()) this.#lines.push(groupText(group))
  }

  #list(step: Step): void {
    const request = { statesFilter: step.list('states'), typesFilter: step.list('types') }
    for (const group of listGroups(this.#host.state, request)) {
      this.#lines.push(`${group.groupId} ${group.protocolType || '-'} ${group.groupState} ${group.groupType}`)
    }
  }

  #describe(step: Step): void {
    const body = describeGroup(this.#host.state, step.text('group', 'g'), step.number('v', 6), null)
    const members = body.members.map(
      ({ memberId, memberMetadata, memberAssignment }) =>
        ` ${memberId}:${memberMetadata.length}B/${memberAssignment.toString()}`,
    )
    const protocol = `${body.protocolType || '-'}/${body.protocolData || '-'}`
    this.#lines.push(`${errorText(body.errorCode)} ${body.groupState} ${protocol}${members.join('')}`)
  }
}
