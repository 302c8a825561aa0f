import { expect, it } from 'vitest'
import { LeaderDoubts } from '../../src/broker/leader-doubts.ts'
import { limits } from '../../src/runtime/limits.ts'
import { TestClock } from '../storage/support/world.ts'

const HERE = 9

type Wishes = Parameters<LeaderDoubts['reply']>[0]['connection']

/** Who leads, as the metadata has it; and a client that asks. */
class Scene {
  readonly clock = new TestClock()
  readonly doubts = new LeaderDoubts(HERE, this.clock)
  leader = 1
  readonly told: number[] = []
  readonly #closed: (() => void)[] = []
  readonly #requestWaiting: (() => void)[] = []
  #connection: Wishes | null = null

  /** `again`: a client that keeps its connection and names a topic. */
  ask(again?: string): void {
    const wish = (list: (() => void)[]) => (callback: () => void) => {
      list.push(callback)
      return () => list.splice(list.indexOf(callback), 1)
    }
    this.#connection ??= {
      onClosed: wish(this.#closed),
      onRequestWaiting: wish(this.#requestWaiting),
    }
    const call = { reply: (leader: number) => void this.told.push(leader), connection: this.#connection }
    const leader = (): number => this.leader
    if (again === undefined) this.doubts.reply(call, leader, (one) => [one])
    else this.doubts.replyAbout([again], call, leader, (one) => [one])
  }

  elect(leader: number): void {
    this.leader = leader
    this.doubts.lookAgain()
  }

  requestWaits(): void {
    for (const callback of [...this.#requestWaiting]) callback()
    this.clock.turn()
  }

  closes(): void {
    for (const callback of [...this.#closed]) callback()
    this.clock.turn()
  }

  get wishes(): number {
    return this.#closed.length + this.#requestWaiting.length
  }
}

it('tells at once while no leader is in doubt, and of leaders that are not', () => {
  const scene = new Scene()
  scene.ask()
  scene.doubts.begin(2)
  scene.ask()
  expect(scene.told).toEqual([1, 1])
})

it('tells the successor as soon as there is one, once, and leaves nothing behind', () => {
  const scene = new Scene()
  scene.doubts.begin(1)
  scene.ask()
  scene.ask()
  scene.doubts.lookAgain()
  expect(scene.told).toEqual([])
  scene.elect(3)
  expect(scene.told).toEqual([3, 3])
  expect(scene.wishes).toBe(0)
  scene.clock.advance(limits.leaderDoubtMs)
  expect(scene.told).toEqual([3, 3])
})

it('tells what it has when the moment is over, and is in doubt no longer', () => {
  const scene = new Scene()
  scene.doubts.begin(1)
  scene.clock.advance(limits.leaderDoubtMs - 1)
  scene.ask()
  expect(scene.told).toEqual([])
  scene.clock.advance(1)
  expect(scene.told).toEqual([1])
  scene.ask()
  expect(scene.told).toEqual([1, 1])
})

it('tells of a leader that answers again, which was only cut off for a moment', () => {
  const scene = new Scene()
  scene.doubts.begin(1)
  scene.ask()
  scene.doubts.end(1)
  expect(scene.told).toEqual([1])
})

it('makes way for a request that waits behind it', () => {
  const scene = new Scene()
  scene.doubts.begin(1)
  scene.ask()
  scene.requestWaits()
  expect(scene.told).toEqual([1])
  scene.elect(2)
  expect(scene.told).toEqual([1])
})

it('waits no longer for a client that is gone', () => {
  const scene = new Scene()
  scene.doubts.begin(1)
  scene.ask()
  scene.closes()
  expect(scene.wishes).toBe(0)
})

it('waits only briefly where a connection that came from the leader is gone, unless ours breaks too', () => {
  const scene = new Scene()
  scene.doubts.beginBriefly(1)
  scene.ask()
  scene.clock.advance(limits.leaderDoubtBriefMs)
  expect(scene.told).toEqual([1])
  scene.doubts.beginBriefly(1)
  scene.ask()
  scene.doubts.begin(1)
  scene.doubts.beginBriefly(1)
  scene.clock.advance(limits.leaderDoubtMs - 1)
  expect(scene.told).toEqual([1])
  scene.elect(2)
  expect(scene.told).toEqual([1, 2])
})

it('lets a client that comes to ask wait as long as a process may take to die', () => {
  const scene = new Scene()
  scene.ask('orders')
  scene.clock.advance(limits.dyingConnectionsMs - 1)
  scene.doubts.begin(1)
  scene.clock.advance(60)
  expect(scene.told).toEqual([])
  scene.elect(2)
  expect(scene.told).toEqual([2])
})

it('tells what it was told a moment later when nothing happened, and of something else at once', () => {
  const scene = new Scene()
  scene.ask('orders')
  scene.clock.advance(limits.dyingConnectionsMs - 1)
  expect(scene.told).toEqual([])
  scene.clock.advance(1)
  expect(scene.told).toEqual([1])
  scene.ask('payments')
  expect(scene.told).toEqual([1, 1])
  scene.ask('payments')
  expect(scene.told).toEqual([1, 1])
  scene.clock.advance(limits.dyingConnectionsMs)
  expect(scene.told).toEqual([1, 1, 1])
})

it('knows that it is alive itself', () => {
  const scene = new Scene()
  scene.leader = HERE
  scene.ask('orders')
  scene.ask('orders')
  expect(scene.told).toEqual([HERE, HERE])
})
