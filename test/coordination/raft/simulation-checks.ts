/**
 * What must hold after every step of a Raft simulation, whatever went wrong (invariant 20 of the house).
 *
 * It sees what nodes send, append, cut and commit, over all their lives, and throws at the first thing that cannot be.
 */
import assert from 'node:assert'
import type { RaftEffect } from '../../../src/coordination/raft/effect.ts'
import type { RaftMessage, ReplicaKey } from '../../../src/coordination/raft/message.ts'
import type { Entry, RaftHost } from './raft-host.ts'

interface Committed {
  readonly entry: Entry
  /** The epoch in which the first node learned of it. */
  readonly epoch: number
}

function isSame(a: Entry | undefined, b: Entry | undefined): boolean {
  return a?.epoch === b?.epoch && a?.value === b?.value
}

function nameOf(key: ReplicaKey): string {
  return `${key.id}/${key.directoryId}`
}

export class SimulationChecks {
  readonly committed: Committed[] = []
  readonly #leaders = new Map<number, string>()
  readonly #votes = new Map<string, string>()
  /** (epoch, offset) → the entry there and the epoch of the one before: the same everywhere is log matching. */
  readonly #entries = new Map<string, string>()
  readonly #checkedUpTo = new WeakMap<RaftHost, number>()

  sent(host: RaftHost, to: number, message: RaftMessage): void {
    const { state, log } = host.disk
    if (!(message.type === 'vote-response' && message.isPreVote)) {
      assert(
        state.epoch >= message.epoch,
        `${host.id} tells epoch ${message.epoch}, which is not on its disk`,
      )
    }
    if (message.type === 'vote-response' && message.granted && !message.isPreVote) {
      this.#voted(host, message.epoch, to)
    }
    if (message.type === 'vote-request' && !message.isPreVote) this.#voted(host, message.epoch, host.id)
    if (message.type === 'append-response' && message.outcome.kind === 'accepted') {
      const endOffset = log.startOffset + log.entries.length
      assert(message.outcome.endOffset <= endOffset, `${host.id} accepts what is not on its disk`)
    }
  }

  happened(host: RaftHost, effects: readonly RaftEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'lead') this.#leads(host, effect.epoch)
      else if (effect.type === 'truncate') this.#truncates(host, effect.offset)
      else if (effect.type === 'advance-high-watermark') this.#commits(host, effect.offset)
    }
  }

  /** The log of a node has changed, or may have. */
  logMatches(host: RaftHost): void {
    const { startOffset, entries } = host.log
    const from = Math.max(
      startOffset,
      Math.min(this.#checkedUpTo.get(host) ?? 0, startOffset + entries.length),
    )
    for (let offset = from; offset < startOffset + entries.length; offset++) {
      const entry = host.entryAt(offset)
      if (entry === undefined) continue
      const before = offset === startOffset ? null : host.entryAt(offset - 1)?.epoch
      const place = `${offset}@${entry.epoch}`
      const known = this.#entries.get(`${place} value`)
      assert(known === undefined || known === entry.value, `logs differ at ${place}`)
      this.#entries.set(`${place} value`, entry.value)
      if (before === null) continue
      const knownBefore = this.#entries.get(`${place} before`)
      assert(knownBefore === undefined || knownBefore === String(before), `logs differ before ${place}`)
      this.#entries.set(`${place} before`, String(before))
    }
    this.#checkedUpTo.set(host, startOffset + entries.length)
  }

  /** Everything that a node holds and takes for committed is what was committed. */
  prefixHolds(host: RaftHost): void {
    const entries = host.entriesBefore(host.machine.status.highWatermark)
    for (const [offset, entry] of entries.entries()) {
      assert(isSame(this.committed[offset]?.entry, entry), `${host.id} has another entry at ${offset}`)
    }
  }

  #voted(host: RaftHost, epoch: number, candidate: number): void {
    const { state } = host.disk
    const isOnDisk = state.epoch > epoch || state.votedFor?.id === candidate
    assert(isOnDisk, `${host.id} tells a vote in ${epoch} that is not on its disk`)
    const vote = `${nameOf(host.key)} in ${epoch}`
    const known = this.#votes.get(vote)
    assert(known === undefined || known === String(candidate), `two votes of ${vote}`)
    this.#votes.set(vote, String(candidate))
  }

  #leads(host: RaftHost, epoch: number): void {
    const known = this.#leaders.get(epoch)
    assert(known === undefined, `${known} and ${host.id} lead epoch ${epoch}`)
    this.#leaders.set(epoch, nameOf(host.key))
    for (const [offset, committed] of this.committed.entries()) {
      if (committed.epoch >= epoch || offset < host.log.startOffset) continue
      assert(isSame(host.entryAt(offset), committed.entry), `leader ${host.id} of ${epoch} lacks ${offset}`)
    }
  }

  #truncates(host: RaftHost, offset: number): void {
    for (let at = offset; at < host.endOffset; at++) {
      const committed = this.committed[at]
      if (committed === undefined) return
      assert(!isSame(committed.entry, host.entryAt(at)), `${host.id} cuts ${at}, which is committed`)
    }
  }

  #commits(host: RaftHost, endOffset: number): void {
    const entries = host.entriesBefore(endOffset)
    assert(
      entries.length >= endOffset || host.machine.status.log.endOffset === endOffset,
      'it has what it commits',
    )
    for (const [offset, entry] of entries.entries()) {
      const known = this.committed[offset]
      if (known === undefined) this.committed.push({ entry, epoch: host.machine.status.epoch })
      else assert(isSame(known.entry, entry), `${host.id} commits another entry at ${offset}`)
    }
  }
}
