/** How Raft stories write messages, events and effects: one line each, only what matters. */
import type { RaftEffect } from '../../../src/coordination/raft/effect.ts'
import type { RaftEvent } from '../../../src/coordination/raft/event.ts'
import type {
  EntrySpan,
  LogEnd,
  RaftMessage,
  ReplicaKey,
  Voter,
} from '../../../src/coordination/raft/message.ts'
import { UNKNOWN_DIRECTORY } from '../../../src/coordination/raft/message.ts'
import type { RaftHost } from './raft-host.ts'

function pointText({ endOffset, epoch }: LogEnd): string {
  return `${endOffset}@${epoch}`
}

export function keyText({ id, directoryId }: ReplicaKey): string {
  return directoryId === UNKNOWN_DIRECTORY ? `${id}/?` : `${id}/${directoryId}`
}

export function votersText(voters: readonly Voter[]): string {
  return `{${voters.map(keyText).join(' ')}}`
}

/** Entries by their epochs, `first:1 1 2`. */
function entriesText(spans: readonly EntrySpan[]): string {
  const epochs = spans.flatMap(({ epoch, baseOffset, endOffset }) =>
    Array.from({ length: endOffset - baseOffset }, () => epoch),
  )
  return `[${epochs.join(' ')}]`
}

function outcomeText(message: Extract<RaftMessage, { type: 'append-response' }>): string {
  const { outcome } = message
  return outcome.kind === 'accepted' ? `accepted ${outcome.endOffset}` : `diverged ${pointText(outcome.log)}`
}

export function messageText(message: RaftMessage): string {
  const epoch = `epoch ${message.epoch}`
  switch (message.type) {
    case 'vote-request': {
      const kind = message.isPreVote ? 'pre-vote?' : 'vote?'
      const transfer = message.isTransfer ? ' transfer' : ''
      return `${kind} ${epoch} log ${pointText(message.log)} of ${keyText(message.voter)}${transfer}`
    }
    case 'vote-response': {
      const kind = message.isPreVote ? 'pre-vote' : 'vote'
      const leader = message.leaderId === null ? '' : ` leader ${message.leaderId}`
      return `${kind} ${message.granted ? 'yes' : 'no'} ${epoch}${leader}`
    }
    case 'append-request': {
      const entries = message.spans.length === 0 ? '' : ` ${entriesText(message.spans)}`
      const after = `after ${pointText(message.previous)}${entries}`
      return `append ${epoch} round ${message.round} ${after} committed ${message.highWatermark}`
    }
    case 'append-response':
      return `${outcomeText(message)} ${epoch} round ${message.round} applied ${message.appliedOffset}`
    case 'snapshot-chunk': {
      const last = message.isLast ? ' last' : ''
      const piece = `from ${message.position} ${message.bytes.length}B${last}`
      return `snapshot ${pointText(message.snapshot)} ${epoch} ${piece}`
    }
    case 'snapshot-response': {
      const what = message.installed ? 'installed' : `wants ${message.nextPosition}`
      return `${what} of snapshot ${pointText(message.snapshot)} ${epoch}`
    }
    case 'attach':
      return `attach ${epoch} log ${pointText(message.log)} as ${keyText(message.replica)}`
    case 'leader-hint':
      return `hint ${epoch} leader ${message.leaderId ?? 'unknown'}`
    case 'take-over':
      return `take over ${epoch}`
  }
}

export function eventText(event: RaftEvent | 'start'): string {
  if (event === 'start') return 'starts'
  switch (event.type) {
    case 'message':
      return `< ${event.from} ${messageText(event.message)}`
    case 'timer':
      return `rings ${event.timer}`
    case 'state-persisted':
      return `has state ${event.state.epoch}${voteText(event.state.votedFor)} on disk`
    case 'appended':
      return `appends ${event.span.endOffset}@${event.span.epoch}`
    case 'log-persisted':
      return `has log ${event.endOffset} on disk`
    case 'truncated':
      return `has cut ${event.endOffset} on disk`
    case 'applied':
      return `applied ${event.offset}`
    case 'entries-sent':
      return event.endOffset < 0 ? `could not send to ${event.to}` : `sent ${event.endOffset} to ${event.to}`
    case 'voters-appended':
      return `has voters ${votersText(event.voters)} at ${event.offset}`
    case 'snapshot-written':
      return `wrote snapshot ${pointText(event.snapshot)}, log begins at ${event.logStartOffset}`
    case 'snapshot-installed':
      return event.snapshot === null
        ? 'found the snapshot torn'
        : `installed snapshot ${pointText(event.snapshot)} voters ${votersText(event.voters)}`
    case 'connected':
      return `connected to ${event.peer}`
    case 'disconnected':
      return `disconnected from ${event.peer}`
    case 'probed':
      return `found ${event.peer} ${event.isListening ? 'listening' : 'gone'}`
    case 'transfer-leadership':
      return `is to hand over to ${event.to ?? 'the furthest'}`
    case 'change-voters':
      return `is to change voters to ${votersText(event.voters)}`
  }
}

function voteText(votedFor: ReplicaKey | null): string {
  return votedFor === null ? '' : ` vote ${votedFor.id}`
}

export function effectText(effect: RaftEffect): string {
  switch (effect.type) {
    case 'persist-state':
      return `persist state ${effect.state.epoch}${voteText(effect.state.votedFor)}`
    case 'send':
      return `> ${effect.to}`
    case 'send-entries':
      return `read ${effect.previous.endOffset}..${effect.upperBoundOffset} for ${effect.to}`
    case 'send-snapshot':
      return `read snapshot from ${effect.position} for ${effect.to}`
    case 'append':
      return `append to ${effect.endOffset}`
    case 'truncate':
      return `CUT to ${effect.offset}`
    case 'keep-chunk':
      return `keep ${effect.position}+${effect.bytes.length}`
    case 'install-snapshot':
      return `install ${pointText(effect.snapshot)}`
    case 'advance-high-watermark':
      return `COMMIT ${effect.offset}`
    case 'lead':
      return `LEAD ${effect.epoch}${effect.voters.length === 0 ? '' : ` voters ${votersText(effect.voters)}`}`
    case 'resign':
      return `RESIGN ${effect.epoch}`
    case 'leader-known':
      return `leader ${effect.leaderId ?? 'unknown'} in ${effect.epoch}`
    case 'append-voters':
      return `append voters ${votersText(effect.voters)}`
    case 'voters-refused':
      return `refused: ${effect.reason}`
    case 'voters-committed':
      return `voters committed`
    case 'probe':
      return `probe ${effect.peer}`
    case 'set-timer':
      return `timer ${effect.timer}${effect.soon ? ' soon' : ''}`
    case 'cancel-timer':
      return `no timer ${effect.timer}`
  }
}

/** A node in one line: its log as the epochs of its entries, `|` where the disk ends. */
export function hostText(host: RaftHost): string {
  const { role, epoch, leaderId, highWatermark, voters, progress } = host.machine.status
  const { startOffset, entries } = host.log
  const diskEnd = host.disk.log.startOffset + host.disk.log.entries.length
  const epochs = entries.map((entry, index) => {
    const mark = startOffset + index === diskEnd ? '| ' : ''
    return `${mark}${entry.epoch}`
  })
  const start = startOffset === 0 ? '' : `${startOffset}: `
  const leader = leaderId === null ? '' : ` of ${leaderId}`
  const log = `log ${start}[${epochs.join(' ')}] committed ${highWatermark} applied ${host.appliedOffset}`
  const others = progress
    .map((one) => `${keyText(one.replica)}${one.isVoter ? '' : ' observer'} ${one.matchedOffset}`)
    .join(', ')
  const seen = others === '' ? '' : ` sees ${others}`
  return `${host.id} ${role}${leader} epoch ${epoch} ${log} voters ${votersText(voters)}${seen}`
}
