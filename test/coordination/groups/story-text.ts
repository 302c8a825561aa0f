/** How stories write commands, records, replies and groups: one line each, only what matters. */
import type { ClassicGroup } from '../../../src/coordination/groups/classic-group.ts'
import type { GroupEvent, GroupReply, TimerChange } from '../../../src/coordination/groups/decision.ts'
import type { GroupRecord } from '../../../src/coordination/groups/record.ts'
import { errorCode } from '../../../src/protocol/errors.ts'

const names = new Map<number, string>(Object.entries(errorCode).map(([name, code]) => [code, name]))

export function errorText(code: number | undefined): string {
  return code === undefined || code === 0 ? 'ok' : `${code} ${names.get(code)}`
}

export function durationText(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`
}

/** `3s`, `200ms`, `7d` as milliseconds. */
export function durationOf(text: string): number {
  const [, amount, unit] = /^(\d+)(ms|s|m|d)$/.exec(text) ?? []
  const unitMs = { ms: 1, s: 1000, m: 60_000, d: 86_400_000 }[unit ?? '']
  if (amount === undefined || unitMs === undefined) throw new Error(`no duration: ${text}`)
  return Number(amount) * unitMs
}

function bytesText(bytes: Buffer): string {
  return JSON.stringify(bytes.toString('latin1').replace(/[^ -~]/g, '.'))
}

export function recordText(record: GroupRecord): string {
  if (record.type === 'OffsetCommit') {
    const { group, topic, partition } = record.key
    const where = `record offset ${group} ${topic}-${partition}`
    if (record.value === null) return `${where} tombstone`
    const { offset, leaderEpoch, metadata, expireTimestamp } = record.value
    const epoch = leaderEpoch < 0 ? '' : ` epoch ${leaderEpoch}`
    const note = metadata === '' ? '' : ` ${JSON.stringify(metadata.slice(0, 20))}`
    const expiry = expireTimestamp < 0n ? '' : ` until ${durationText(Number(expireTimestamp))}`
    return `${where} = ${offset}${epoch}${note}${expiry}`
  }
  if (record.type !== 'GroupMetadata') return `record ${record.type}`
  if (record.value === null) return `record group ${record.key.group} tombstone`
  const { generation, protocol, leader, members } = record.value
  const parts = members.map(
    ({ memberId, groupInstanceId, assignment }) =>
      `${memberId}${groupInstanceId === null ? '' : `(${groupInstanceId})`}=${bytesText(assignment)}`,
  )
  return `record group ${record.key.group} generation ${generation} ${protocol} led by ${leader}: ${parts.join(' ') || 'nobody'}`
}

export function timersText(timers: readonly TimerChange[]): string | undefined {
  if (timers.length === 0) return undefined
  const parts = timers.map((change) => {
    const [kind, ...rest] = change.key.split('/')
    const name = kind === 'session' ? `session ${rest.at(-1)}` : kind
    return change.type === 'cancel' ? `-${name}` : `+${name} ${durationText(change.delayMs)}`
  })
  return `timers ${parts.join(', ')}`
}

export function eventText(event: GroupEvent): string {
  switch (event.type) {
    case 'session-expired':
    case 'pending-member-expired':
      return `${event.type} ${event.memberId}`
    case 'sync-phase-ended':
      return `${event.type} generation ${event.generation}`
    case 'initial-delay-ended':
      return `${event.type}, ${durationText(event.remainingMs)} remain`
    default:
      return event.type
  }
}

export function replyText(reply: GroupReply): string {
  switch (reply.api) {
    case 'join-group': {
      const { body } = reply
      if (body.errorCode !== 0) return `join ${errorText(body.errorCode)} member ${body.memberId || "''"}`
      const members = body.members.map(
        ({ memberId, groupInstanceId, metadata }) =>
          `${memberId}${groupInstanceId ? `(${groupInstanceId})` : ''}:${metadata.length}B`,
      )
      const skips = body.skipAssignment ? ' skip-assignment' : ''
      return `join ok member ${body.memberId} generation ${body.generationId} ${body.protocolName} led by ${body.leader} [${members.join(' ')}]${skips}`
    }
    case 'sync-group': {
      const { errorCode: code, assignment } = reply.body
      return code === 0 ? `sync ok ${bytesText(assignment)}` : `sync ${errorText(code)}`
    }
    case 'heartbeat':
      return `heartbeat ${errorText(reply.body.errorCode)}`
    case 'leave-group': {
      const parts = (reply.body.members ?? []).map(
        (member) => `${member.memberId || member.groupInstanceId}: ${errorText(member.errorCode)}`,
      )
      return `leave ${errorText(reply.body.errorCode)}${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`
    }
    case 'offset-commit':
    case 'offset-delete': {
      const verb = reply.api === 'offset-commit' ? 'commit' : 'offset-delete'
      const parts = (reply.body.topics ?? []).flatMap(({ name, partitions }) =>
        partitions.map((part) => `${name}-${part.partitionIndex}: ${errorText(part.errorCode)}`),
      )
      const whole =
        'errorCode' in reply.body && reply.body.errorCode !== 0 ? errorText(reply.body.errorCode) : ''
      return [verb, whole, parts.join(', ')].filter((part) => part !== '').join(' ')
    }
    case 'delete-groups':
      return `delete ${reply.body.results.map(({ groupId, errorCode: code }) => `${groupId}: ${errorText(code)}`).join(', ')}`
  }
}

export function groupText(group: ClassicGroup): string {
  const members = [...group.members.values()].map((member) => {
    const waits = member.joining !== null ? ' joining' : member.syncing !== null ? ' syncing' : ''
    const instance = member.instanceId === null ? '' : `(${member.instanceId})`
    return `\n  ${member.id}${instance} ${bytesText(member.assignment)}${waits}`
  })
  const pending = [...group.pendingMembers.keys()].map((id) => `\n  ${id} pending`)
  const led = group.leaderId === null ? '' : ` led by ${group.leaderId}`
  const head = `${group.id} ${group.phase} generation ${group.generation} ${group.protocolType}/${group.protocolName}${led}`
  return head + members.join('') + pending.join('')
}
