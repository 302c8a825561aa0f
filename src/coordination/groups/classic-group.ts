/**
 * A classic group as a value: members, generation, phase; and the questions that decisions ask of it.
 *
 * Every change makes a new value. Nothing here answers a client or writes a record. KIP-134 for the initial delay,
 * KIP-345 for static members.
 */
import { compile } from '../../protocol/codec/compile.ts'
import { consumerProtocolSubscription } from '../../protocol/consumer-protocol.ts'
import { OrderedMap } from '../ordered-map.ts'

/** A request that waits for an answer: the host's name for it, and the version that the answer is for. */
export interface ParkedRequest {
  readonly token: number
  readonly apiVersion: number
}

/** One assignment strategy that a member can follow, and what it tells the leader about itself. */
export interface MemberProtocol {
  readonly name: string
  readonly metadata: Buffer
}

export interface Member {
  readonly id: string
  /** The member's own name for itself across restarts, or null for a dynamic member. */
  readonly instanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly protocols: readonly MemberProtocol[]
  readonly assignment: Buffer
  /** Its JoinGroup that waits for the others. */
  readonly joining: ParkedRequest | null
  /** Its SyncGroup that waits for the leader. */
  readonly syncing: ParkedRequest | null
  /** Whether its SyncGroup of this generation has come. */
  readonly hasSynced: boolean
  /** Not answered even once: it does not know its id yet. */
  readonly isNew: boolean
}

/** Kafka's names, as answers tell them. A group that is dead is not there any more. */
export type GroupPhase = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable'

export interface ClassicGroup {
  readonly id: string
  readonly phase: GroupPhase
  /** A rebalance that began with an empty group: it waits for more members before it ends. */
  readonly isInitialRebalance: boolean
  /** A member came since that wait was last set. */
  readonly newMemberAdded: boolean
  readonly generation: number
  /** What the members are (`consumer`, `connect`, …); null for offsets without members. */
  readonly protocolType: string | null
  /** The strategy of this generation; null while there is none. */
  readonly protocolName: string | null
  readonly leaderId: string | null
  readonly members: OrderedMap<string, Member>
  /** Member id by instance id. */
  readonly instances: OrderedMap<string, string>
  /** Ids handed out that have not joined yet. */
  readonly pendingMembers: OrderedMap<string, true>
  /** Members whose JoinGroup waits. */
  readonly joiningCount: number
  /** When the phase last became what a restart would find; null unknown. */
  readonly stateChangedMs: number | null
}

export const noBytes: Buffer = Buffer.alloc(0)

/** A group without members. */
export function newGroup(id: string): ClassicGroup {
  return {
    id,
    phase: 'Empty',
    isInitialRebalance: false,
    newMemberAdded: false,
    generation: 0,
    protocolType: null,
    protocolName: null,
    leaderId: null,
    members: OrderedMap.empty(),
    instances: OrderedMap.empty(),
    pendingMembers: OrderedMap.empty(),
    joiningCount: 0,
    stateChangedMs: null,
  }
}

/** The group with this member, new or changed; the first member leads. */
export function withMember(group: ClassicGroup, member: Member): ClassicGroup {
  const before = group.members.get(member.id)
  const joiningCount = group.joiningCount - waits(before) + waits(member)
  return {
    ...group,
    members: group.members.with(member.id, member),
    instances:
      member.instanceId === null ? group.instances : group.instances.with(member.instanceId, member.id),
    pendingMembers: group.pendingMembers.without(member.id),
    leaderId: group.leaderId ?? member.id,
    joiningCount,
  }
}

/** The group without this member; another leads if it did. */
export function withoutMember(group: ClassicGroup, member: Member): ClassicGroup {
  const members = group.members.without(member.id)
  const ownsInstance = member.instanceId !== null && group.instances.get(member.instanceId) === member.id
  const [nextLeader] = members.keys()
  return {
    ...group,
    members,
    instances:
      ownsInstance && member.instanceId !== null
        ? group.instances.without(member.instanceId)
        : group.instances,
    leaderId: group.leaderId === member.id ? (nextLeader ?? null) : group.leaderId,
    joiningCount: group.joiningCount - waits(member),
  }
}

function waits(member: Member | undefined): number {
  return member === undefined || member.joining === null ? 0 : 1
}

/** Whether everybody who is known has joined; ids that were handed out count too. */
export function hasAllMembersJoined(group: ClassicGroup): boolean {
  return group.joiningCount === group.members.size && group.pendingMembers.size === 0
}

/** How long a rebalance may take: as long as the most patient member says. */
export function rebalanceTimeoutMs(group: ClassicGroup): number {
  let longest = 0
  for (const member of group.members.values()) longest = Math.max(longest, member.rebalanceTimeoutMs)
  return longest
}

/** Whether a member of this type that can follow these strategies may join. */
export function supportsProtocols(
  group: ClassicGroup,
  protocolType: string,
  protocols: readonly MemberProtocol[],
): boolean {
  if (protocolType === '' || protocols.length === 0) return false
  if (group.members.size === 0) return true
  if (group.protocolType !== protocolType) return false
  return protocols.some(({ name }) => isSupportedByAll(group, name))
}

function isSupportedByAll(group: ClassicGroup, name: string): boolean {
  for (const member of group.members.values()) {
    if (!member.protocols.some((protocol) => protocol.name === name)) return false
  }
  return true
}

/**
 * The strategy of the next generation: each member votes for the first of its list that all can follow; of equals the
 * one that the leader likes more.
 */
export function selectProtocol(group: ClassicGroup): string {
  const votes = new Map<string, number>()
  const supported = new Map<string, boolean>()
  for (const member of group.members.values()) {
    const vote = member.protocols.find(({ name }) => {
      const known = supported.get(name) ?? isSupportedByAll(group, name)
      supported.set(name, known)
      return known
    })
    if (vote !== undefined) votes.set(vote.name, (votes.get(vote.name) ?? 0) + 1)
  }
  const most = Math.max(...votes.values())
  const leader = group.leaderId === null ? undefined : group.members.get(group.leaderId)
  const chosen =
    leader?.protocols.find(({ name }) => votes.get(name) === most)?.name ??
    [...votes].find(([, count]) => count === most)?.[0]
  if (chosen === undefined) throw new Error(`group ${group.id} has no strategy that all members can follow`)
  return chosen
}

/** What a member said of itself for this strategy. */
export function metadataFor(member: Member, protocolName: string | null): Buffer {
  return member.protocols.find(({ name }) => name === protocolName)?.metadata ?? noBytes
}

/** Whether the member's strategies are the same, to the last byte. */
export function hasSameProtocols(member: Member, protocols: readonly MemberProtocol[]): boolean {
  if (member.protocols.length !== protocols.length) return false
  return member.protocols.every((own, index) => {
    const other = protocols[index]
    return other !== undefined && own.name === other.name && own.metadata.equals(other.metadata)
  })
}

const CONSUMER = 'consumer'

/** Whether the members are consumers, whose subscriptions the coordinator can read. */
export function isConsumerGroup(group: ClassicGroup): boolean {
  return group.protocolType === CONSUMER
}

/**
 * The topics that a consumer group's members subscribe to; null when that cannot be known: other kinds of members, no
 * strategy yet, or a subscription that is none.
 */
export function subscribedTopics(group: ClassicGroup): ReadonlySet<string> | null {
  if (!isConsumerGroup(group) || group.protocolName === null) return null
  const topics = new Set<string>()
  for (const member of group.members.values()) {
    const subscribed = topicsOf(metadataFor(member, group.protocolName))
    if (subscribed === null) return null
    for (const topic of subscribed) topics.add(topic)
  }
  return topics
}

const VERSION_BYTES = 2
const SUBSCRIPTION_VERSION_MAX = 3

function topicsOf(subscription: Buffer): readonly string[] | null {
  if (subscription.length < VERSION_BYTES) return null
  const version = Math.min(subscription.readInt16BE(0), SUBSCRIPTION_VERSION_MAX)
  if (version < 0) return null
  const decoded = compile(consumerProtocolSubscription, version).decode(subscription, VERSION_BYTES)
  return decoded.ok ? decoded.value.topics : null
}

/** Whether the group must be taken to subscribe to the topic; unknown subscriptions count as all topics. */
export function isSubscribedTo(group: ClassicGroup, topic: string): boolean {
  if (!isConsumerGroup(group)) return false
  const topics = subscribedTopics(group)
  return topics === null || topics.has(topic)
}
