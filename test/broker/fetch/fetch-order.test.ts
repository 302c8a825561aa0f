import { expect, it } from 'vitest'
import { orderOf, tellOrder } from '../../../src/broker/fetch/fetch-order.ts'

it('tells what it was told', () => {
  expect(orderOf(tellOrder(1))).toBe(1)
  expect(orderOf(tellOrder(2 ** 40))).toBe(2 ** 40)
})

it('takes a request without it, or with something else in its place, for one that does not say', () => {
  expect(orderOf(undefined)).toBe(0)
  expect(orderOf([])).toBe(0)
  expect(orderOf([{ tag: 10_001, data: Buffer.alloc(3) }])).toBe(0)
  expect(orderOf([{ tag: 7, data: Buffer.alloc(8, 1) }])).toBe(0)
})
