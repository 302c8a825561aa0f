/**
 * What a group command comes to, and what the host is asked to do for it.
 *
 * The host appends `records` in one batch, applies the decision (records, then changes), starts and cancels timers,
 * and gives out `replies` when everything that this coordinator appended so far is committed. Replies go to any
 * request that waits, the command's own or another member's. A timer comes back as the command in it.
 */
import type { DeleteGroupsResponseInput } from '../../protocol/messages/delete-groups.ts'
import type { HeartbeatRequest, HeartbeatResponseInput } from '../../protocol/messages/heartbeat.ts'
import type { JoinGroupRequest, JoinGroupResponseInput } from '../../protocol/messages/join-group.ts'
import type { LeaveGroupRequest, LeaveGroupResponseInput } from '../../protocol/messages/leave-group.ts'
import type { OffsetCommitRequest, OffsetCommitResponseInput } from '../../protocol/messages/offset-commit.ts'
import type { OffsetDeleteRequest, OffsetDeleteResponseInput } from '../../protocol/messages/offset-delete.ts'
import type { SyncGroupRequest, SyncGroupResponseInput } from '../../protocol/messages/sync-group.ts'
import type { ClassicGroup } from './classic-group.ts'
import type { GroupRecord } from './record.ts'

/** Who asks: the host's name for the request, and the version that its answer is for. */
interface Asked {
  readonly token: number
  readonly apiVersion: number
}

export interface JoinGroupCommand extends Asked {
  readonly type: 'join-group'
  readonly request: JoinGroupRequest
  /** From the request's header; empty when it has none. */
  readonly clientId: string
  /** Address of the client, as groups are described: `/127.0.0.1`. */
  readonly clientHost: string
  /** A fresh random UUID in its dashed form, for the id of a new member. */
  readonly newMemberUuid: string
}

export interface SyncGroupCommand extends Asked {
  readonly type: 'sync-group'
  readonly request: SyncGroupRequest
}

export interface HeartbeatCommand extends Asked {
  readonly type: 'heartbeat'
  readonly request: HeartbeatRequest
}

export interface LeaveGroupCommand extends Asked {
  readonly type: 'leave-group'
  readonly request: LeaveGroupRequest
}

export interface OffsetCommitCommand extends Asked {
  readonly type: 'offset-commit'
  readonly request: OffsetCommitRequest
}

export interface OffsetDeleteCommand extends Asked {
  readonly type: 'offset-delete'
  readonly request: OffsetDeleteRequest
}

/** The groups of the request that this coordinator has; the host joins the results of several. */
export interface DeleteGroupsCommand extends Asked {
  readonly type: 'delete-groups'
  readonly groupIds: readonly string[]
}

/** What timers bring, and what the cluster tells. */
export type GroupEvent =
  /** A member was silent for its session time-out. */
  | { readonly type: 'session-expired'; readonly groupId: string; readonly memberId: string }
  /** An id was handed out and nobody joined with it. */
  | { readonly type: 'pending-member-expired'; readonly groupId: string; readonly memberId: string }
  /** The wait for more members of an empty group is over, unless some came; `remainingMs` may still be waited. */
  | { readonly type: 'initial-delay-ended'; readonly groupId: string; readonly remainingMs: number }
  /** The members had their time to join. */
  | { readonly type: 'join-phase-ended'; readonly groupId: string }
  /** The members had their time to sync. */
  | { readonly type: 'sync-phase-ended'; readonly groupId: string; readonly generation: number }
  /** Every `offsets.retention.check.interval.ms`. */
  | { readonly type: 'expire-offsets' }
  /** Topics are gone, and what was committed for them with them. */
  | { readonly type: 'topics-deleted'; readonly topics: readonly string[] }

export type GroupCommand =
  | JoinGroupCommand
  | SyncGroupCommand
  | HeartbeatCommand
  | LeaveGroupCommand
  | OffsetCommitCommand
  | OffsetDeleteCommand
  | DeleteGroupsCommand
  | GroupEvent

export type GroupReply =
  | { readonly token: number; readonly api: 'join-group'; readonly body: JoinGroupResponseInput }
  | { readonly token: number; readonly api: 'sync-group'; readonly body: SyncGroupResponseInput }
  | { readonly token: number; readonly api: 'heartbeat'; readonly body: HeartbeatResponseInput }
  | { readonly token: number; readonly api: 'leave-group'; readonly body: LeaveGroupResponseInput }
  | { readonly token: number; readonly api: 'offset-commit'; readonly body: OffsetCommitResponseInput }
  | { readonly token: number; readonly api: 'offset-delete'; readonly body: OffsetDeleteResponseInput }
  | { readonly token: number; readonly api: 'delete-groups'; readonly body: DeleteGroupsResponseInput }

/** Setting a timer replaces the one of the same key. */
export type TimerChange =
  | { readonly type: 'set'; readonly key: string; readonly delayMs: number; readonly command: GroupEvent }
  | { readonly type: 'cancel'; readonly key: string }

/** A group as it is from now on, in memory; null: it is gone. */
export interface GroupChange {
  readonly groupId: string
  readonly group: ClassicGroup | null
}

export interface GroupsDecision {
  readonly records: readonly GroupRecord[]
  readonly changes: readonly GroupChange[]
  readonly replies: readonly GroupReply[]
  readonly timers: readonly TimerChange[]
}

/** What deciding needs beside the state. */
export interface GroupsContext {
  readonly nowMs: number
  readonly config: GroupsConfig
  readonly topics: TopicFacts
}

/** The settings of a coordinator, by the broker settings that give them. */
export interface GroupsConfig {
  /** `group.min.session.timeout.ms` */
  readonly sessionTimeoutMsMin: number
  /** `group.max.session.timeout.ms` */
  readonly sessionTimeoutMsMax: number
  /** `group.max.size` */
  readonly groupSizeMax: number
  /** `group.initial.rebalance.delay.ms` */
  readonly initialRebalanceDelayMs: number
  /** `offset.metadata.max.bytes` */
  readonly offsetMetadataBytesMax: number
  /** `offsets.retention.minutes`, in milliseconds. */
  readonly offsetsRetentionMs: number
}

/** What a coordinator asks about topics, answered from the metadata image. */
export interface TopicFacts {
  /** The topic's id, or undefined when there is no such topic. */
  idOf(topic: string): string | undefined
  /** The topic's name, or undefined. */
  nameOf(topicId: string): string | undefined
  hasPartition(topic: string, partition: number): boolean
}

/** Names of timers; the length keeps two ids from running into each other. */
export const timerKey = {
  session: (groupId: string, memberId: string) => `session/${groupId.length}/${groupId}/${memberId}`,
  join: (groupId: string) => `join/${groupId}`,
  sync: (groupId: string) => `sync/${groupId}`,
} as const
