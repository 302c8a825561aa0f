/**
 * Keeps messages back until the epoch and the vote that they tell are on the disk (trap 14).
 *
 * A message waits for every state that was decided before it, and for no later one. It must never let one pass early,
 * and it decides nothing about what the messages say.
 */
import { assert } from './assert.ts'
import type { RaftEffect } from './effect.ts'
import type { DurableState } from './event.ts'
import { raftLimits } from './limits.ts'

type SendEffect = Extract<RaftEffect, { type: 'send' }>

function isSameState(a: DurableState, b: DurableState): boolean {
  return (
    a.epoch === b.epoch &&
    a.leaderId === b.leaderId &&
    a.votedFor?.id === b.votedFor?.id &&
    a.votedFor?.directoryId === b.votedFor?.directoryId
  )
}

export class DurableGate {
  #unpersisted: { readonly number: number; readonly state: DurableState }[] = []
  #asked = 0
  #withheld: { readonly after: number; readonly effect: SendEffect }[] = []

  /** Whether all that was decided is on the disk. */
  get isOpen(): boolean {
    return this.#unpersisted.length === 0
  }

  /** A state is on its way to the disk. */
  ask(state: DurableState): void {
    this.#unpersisted.push({ number: ++this.#asked, state })
  }

  /** `isNext`: the state that the message tells is the one that will be asked for next. */
  withhold(effect: SendEffect, isNext: boolean): void {
    if (this.#withheld.length >= raftLimits.withheldMessagesMax) return
    this.#withheld.push({ after: this.#asked + (isNext ? 1 : 0), effect })
  }

  /** Messages that may go now. Throws for a state that nobody asked to be written. */
  persisted(state: DurableState): readonly SendEffect[] {
    const index = this.#unpersisted.findIndex((asked) => isSameState(asked.state, state))
    assert(index >= 0, 'only a state that was asked for is persisted')
    const number = this.#unpersisted[index]?.number ?? 0
    this.#unpersisted.splice(0, index + 1)
    const released = this.#withheld.filter(({ after }) => after <= number)
    this.#withheld = this.#withheld.filter(({ after }) => after > number)
    return released.map(({ effect }) => effect)
  }
}
