/** Where partitions shall lie: as little as possible moves, and what moves goes where least is. */
import { describe, expect, it } from 'vitest'
import { planMoves } from '../../src/client/reassignment-plan.ts'

const at = (partition: number, ...replicas: number[]) => ({ topic: 't', partition, replicas })
const nothing = new Map<number, number>()

describe('a plan of moves', () => {
  it('leaves what lies right where it is', () => {
    expect(planMoves([at(0, 1, 2), at(1, 2, 1)], [1, 2, 3], nothing)).toEqual([])
  })

  it('fills a place that becomes free where it was, on the broker that holds least', () => {
    const held = new Map([
      [2, 5],
      [3, 1],
      [4, 2],
    ])
    const moves = planMoves([at(0, 1, 2), at(1, 2, 1), at(2, 1, 3)], [2, 3, 4], held)
    expect(moves.map(({ target }) => target)).toEqual([
      [3, 2],
      [2, 3],
      [4, 3],
    ])
  })

  it('says when there are too few brokers', () => {
    expect(() => planMoves([at(7, 1, 2, 3)], [1, 2], nothing)).toThrow(
      't-7 has 3 replicas, but only 2 brokers',
    )
  })
})
