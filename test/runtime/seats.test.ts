import { expect, it } from 'vitest'
import { Seats } from '../../src/runtime/seats.ts'

const [ann, bob, cid] = [{ name: 'ann' }, { name: 'bob' }, { name: 'cid' }]
const names = (seats: Seats<{ name: string }>): string[] => Array.from(seats, ({ name }) => name)

it('gives a seat that was left to the next who comes', () => {
  const seats = new Seats<{ name: string }>()
  const first = seats.take(ann)
  const second = seats.take(bob)
  seats.leave(first)
  expect(names(seats)).toEqual(['bob'])
  expect(seats.take(cid)).toBe(first)
  expect(names(seats)).toEqual(['cid', 'bob'])
  expect(seats.count).toBe(2)
  seats.leave(second)
  expect(seats.count).toBe(1)
})

it('has one member in several seats, each left by itself', () => {
  const seats = new Seats<{ name: string }>()
  const once = seats.take(ann)
  seats.take(ann)
  seats.leave(once)
  expect(names(seats)).toEqual(['ann'])
})

it('refuses to have a seat left twice, for by then it may be another one’s', () => {
  const seats = new Seats<{ name: string }>()
  const seat = seats.take(ann)
  seats.leave(seat)
  expect(() => seats.leave(seat)).toThrow('nobody has seat 0')
  expect(() => seats.leave(7)).toThrow('nobody has seat 7')
})

it('leaves out who leaves before its turn, and who comes after the round began', () => {
  const seats = new Seats<{ name: string }>()
  seats.take(ann)
  const second = seats.take(bob)
  const seen: string[] = []
  for (const { name } of seats) {
    seen.push(name)
    if (name !== 'ann') continue
    seats.leave(second)
    seats.take(cid)
    seats.take(cid)
  }
  // The first of the two that came took the seat that was left, whose turn was still to come.
  expect(seen).toEqual(['ann', 'cid'])
})
