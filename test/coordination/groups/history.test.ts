/** Random histories: what the log gives is what memory had, no request is answered twice, and fences hold. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { GroupCommand, GroupReply } from '../../../src/coordination/groups/decision.ts'
import { parkedTokens } from '../../../src/coordination/groups/loaded.ts'
import type { GroupsState } from '../../../src/coordination/groups/state.ts'
import { plain } from '../metadata/support.ts'
import { StoryHost } from './story-host.ts'

const CLIENTS = 4

/** One thing that a client does, or time. */
type Act = readonly [kind: number, client: number, flavour: number]

class World {
  readonly #answered = new Map<number, GroupReply>()
  readonly #asked = new Set<number>()
  readonly #known = Array.from({ length: CLIENTS }, () => ({ memberId: '', generation: -1 }))
  readonly #clientOf = new Map<number, number>()
  #tokens = 0
  readonly host = new StoryHost({
    decided() {},
    rang() {},
    replied: (reply) => this.#replied(reply),
    lost: (token) => this.#asked.delete(token),
  })

  constructor(initialRebalanceDelayMs: number) {
    this.host.config = { ...this.host.config, initialRebalanceDelayMs }
  }

  #replied(reply: GroupReply): void {
    expect(this.#answered.has(reply.token), 'a request answered twice').toBe(false)
    expect(this.#asked.has(reply.token), 'an answer to nobody').toBe(true)
    this.#answered.set(reply.token, reply)
    const known = this.#known[this.#clientOf.get(reply.token) ?? -1]
    if (reply.api !== 'join-group' || known === undefined) return
    if (reply.body.memberId !== '') known.memberId = reply.body.memberId
    if (reply.body.errorCode === 25) known.memberId = ''
    if ((reply.body.generationId ?? -1) >= 0) known.generation = reply.body.generationId ?? -1
  }

  /** Every request is answered or waits in the state. */
  check(): void {
    const waiting = new Set(parkedTokens(this.host.state))
    for (const token of this.#asked) expect(this.#answered.has(token) || waiting.has(token)).toBe(true)
    for (const group of this.host.state.groups.values()) {
      const members = [...group.members.values()]
      expect(group.joiningCount).toBe(members.filter(({ joining }) => joining !== null).length)
      if (members.length > 0) expect(group.members.has(group.leaderId ?? '')).toBe(true)
      if (group.phase === 'Empty') expect(members).toEqual([])
      if (group.phase === 'Stable') expect(members.some(({ syncing }) => syncing !== null)).toBe(false)
      for (const [instance, id] of group.instances) expect(group.members.get(id)?.instanceId).toBe(instance)
    }
  }

  act([kind, client, flavour]: Act): void {
    const command = this.#command(kind, client, flavour)
    if (command !== null) this.host.execute(command)
    else if (kind === 7) this.host.advance([100, 3_000, 11_000, 70_000][flavour % 4] ?? 0)
    else this.host.restart()
  }

  #command(kind: number, client: number, flavour: number): GroupCommand | null {
    const known = this.#known[client]
    if (known === undefined) return null
    const token = ++this.#tokens
    const asked = { token, apiVersion: flavour % 2 === 0 ? 3 : 9 }
    const groupInstanceId = client === 0 ? 'i0' : null
    const generationId = known.generation
    const { memberId } = known
    const of = { groupId: 'g', memberId, groupInstanceId }
    const kinds = [
      'join-group',
      'join-group',
      'sync-group',
      'heartbeat',
      'offset-commit',
      'leave-group',
      'expire-offsets',
    ]
    if (kinds[kind] === undefined) return null
    if (kinds[kind] !== 'expire-offsets') {
      this.#asked.add(token)
      this.#clientOf.set(token, client)
    }
    switch (kinds[kind]) {
      case 'join-group': {
        const names = flavour < 4 ? ['range', 'sticky'] : ['sticky']
        const protocols = names.map((name) => ({ name, metadata: Buffer.from([client, flavour % 3]) }))
        const times = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 20_000 }
        const request = { ...of, ...times, protocolType: 'consumer', protocols, reason: null }
        const newMemberUuid = `u${token}`
        const from = { clientId: `c${client}`, clientHost: '/h', newMemberUuid }
        const fresh = flavour === 7 ? { ...request, memberId: '' } : request
        return { type: 'join-group', ...asked, ...from, request: fresh }
      }
      case 'sync-group': {
        const assignments = this.#known.map((other) => ({
          memberId: other.memberId,
          assignment: Buffer.from(`${flavour}`),
        }))
        const request = { ...of, generationId, protocolType: null, protocolName: null, assignments }
        return { type: 'sync-group', token, apiVersion: 3, request }
      }
      case 'heartbeat':
        return { type: 'heartbeat', ...asked, request: { ...of, generationId } }
      case 'offset-commit': {
        const partitions = [
          {
            partitionIndex: client,
            committedOffset: BigInt(token),
            committedLeaderEpoch: -1,
            committedMetadata: null,
          },
        ]
        const topics = [{ name: 'orders', topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partitions }]
        const request = {
          ...of,
          generationIdOrMemberEpoch: generationId,
          retentionTimeMs: flavour === 5 ? 1_000n : -1n,
          topics,
        }
        return { type: 'offset-commit', token, apiVersion: 8, request }
      }
      case 'leave-group':
        return {
          type: 'leave-group',
          token,
          apiVersion: 3,
          request: { groupId: 'g', memberId, members: [{ memberId, groupInstanceId, reason: null }] },
        }
      default:
        return { type: 'expire-offsets' }
    }
  }
}

/** What must be the same in memory and in a state read from the log. */
function durable(state: GroupsState, keeps: ReadonlySet<string>): unknown {
  const groups = [...state.groups.values()]
    .filter(({ id }) => keeps.has(id))
    .map((group) => ({
      id: group.id,
      generation: group.generation,
      protocolType: group.protocolType,
      protocolName: group.protocolName,
      leaderId: group.leaderId,
      phase: group.phase,
      members: [...group.members.values()].map(({ id, instanceId, assignment, sessionTimeoutMs }) => ({
        id,
        instanceId,
        assignment: assignment.toString('hex'),
        sessionTimeoutMs,
      })),
    }))
  return plain({ groups, offsets: state.offsets })
}

describe('histories of a group', () => {
  it('replay to what memory had, answer each request once, and keep the group sound', () => {
    const act = fc.tuple(fc.nat(8), fc.nat(CLIENTS - 1), fc.nat(7))
    fc.assert(
      fc.property(
        fc.array(act, { maxLength: 80, size: 'max' }),
        fc.constantFrom(0, 3_000),
        (acts, delayMs) => {
          const world = new World(delayMs)
          for (const next of acts) {
            world.act(next)
            world.check()
            const live = world.host.state
            // A group in the midst of a rebalance is in the log as it was before it.
            const settled = new Set(
              [...live.groups.values()]
                .filter(
                  ({ phase, stateChangedMs, pendingMembers }) =>
                    (phase === 'Stable' || phase === 'Empty') &&
                    stateChangedMs !== null &&
                    pendingMembers.size === 0,
                )
                .map(({ id }) => id),
            )
            expect(durable(world.host.replayed(), settled)).toEqual(durable(live, settled))
          }
          // Left alone, nobody waits for ever and nobody stays.
          world.host.advance(1_000_000)
          world.check()
          expect(parkedTokens(world.host.state)).toEqual([])
          for (const group of world.host.state.groups.values()) {
            expect([group.phase, group.members.size, group.pendingMembers.size]).toEqual(['Empty', 0, 0])
          }
        },
      ),
      { numRuns: 120 },
    )
  })
})
