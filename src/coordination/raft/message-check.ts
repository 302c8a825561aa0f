/**
 * Whether a message can be what it says: sent by whom it names, with numbers that can be.
 *
 * What fails here is ignored without an answer, and nothing is learned from it. It must never throw.
 */
import { raftLimits } from './limits.ts'
import type { EntrySpan, LogEnd, RaftMessage } from './message.ts'

/** The node that the message itself names as its sender; null where it names none. */
function namedSender(message: RaftMessage): number | null {
  switch (message.type) {
    case 'vote-request':
      return message.candidate.id
    case 'vote-response':
      return message.voter.id
    case 'append-response':
    case 'snapshot-response':
    case 'attach':
      return message.replica.id
    case 'append-request':
    case 'snapshot-chunk':
    case 'take-over':
      return message.leaderId
    case 'leader-hint':
      return null
  }
}

function isOffset(offset: number): boolean {
  return Number.isInteger(offset) && offset >= 0 && offset <= raftLimits.offsetMax
}

function isEpoch(epoch: number): boolean {
  return Number.isInteger(epoch) && epoch >= 0 && epoch <= raftLimits.epochMax
}

function isPoint(point: LogEnd, epochMax: number): boolean {
  return isOffset(point.endOffset) && isEpoch(point.epoch) && point.epoch <= epochMax
}

/** Entries that follow `previous` without a gap, of epochs that never fall and are not above the leader's. */
function areEntries(previous: LogEnd, spans: readonly EntrySpan[], leaderEpoch: number): boolean {
  let { endOffset, epoch } = previous
  for (const span of spans) {
    if (span.baseOffset !== endOffset || !isOffset(span.endOffset) || span.endOffset <= endOffset)
      return false
    if (!isEpoch(span.epoch) || span.epoch < epoch || span.epoch > leaderEpoch) return false
    endOffset = span.endOffset
    epoch = span.epoch
  }
  return true
}

/** Whether the numbers of a message can be true at all. */
function isPossible(message: RaftMessage): boolean {
  switch (message.type) {
    case 'vote-request':
      return isPoint(message.log, message.epoch)
    case 'append-request':
      return (
        isPoint(message.previous, message.epoch) &&
        isOffset(message.highWatermark) &&
        isOffset(message.round) &&
        areEntries(message.previous, message.spans, message.epoch)
      )
    case 'append-response':
      if (!isOffset(message.round)) return false
      return message.outcome.kind === 'accepted'
        ? isOffset(message.outcome.endOffset)
        : isPoint(message.outcome.log, message.epoch)
    case 'snapshot-chunk':
      return isPoint(message.snapshot, message.epoch) && isOffset(message.position)
    case 'snapshot-response':
      return isPoint(message.snapshot, message.epoch) && isOffset(message.nextPosition)
    case 'attach':
      return isPoint(message.log, message.epoch)
    case 'vote-response':
    case 'leader-hint':
    case 'take-over':
      return true
  }
}

/** Whether a message from `from` is worth reading for the node `selfId`. */
export function isCredible(selfId: number, from: number, message: RaftMessage): boolean {
  const sender = namedSender(message)
  if (from === selfId || (sender !== null && sender !== from)) return false
  return isEpoch(message.epoch) && isPossible(message)
}
