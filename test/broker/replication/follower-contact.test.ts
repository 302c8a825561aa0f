/** Whether a leader may take it that its followers still ask it. */
import { expect, it } from 'vitest'
import { FollowerContact } from '../../../src/broker/replication/follower-contact.ts'

it('is steady after two requests, for a while', () => {
  const contact = new FollowerContact()
  expect(contact.isSteady(2, 0)).toBe(false)
  contact.asked(2, 1_000)
  expect(contact.isSteady(2, 1_000)).toBe(false)
  contact.asked(2, 1_500)
  expect(contact.isSteady(2, 2_500)).toBe(true)
  expect(contact.isSteady(2, 2_501)).toBe(false)
  expect(contact.isSteady(3, 1_500)).toBe(false)
})

it('is not restored by one request that lay in a buffer while the leader stood still', () => {
  const contact = new FollowerContact()
  for (const atMs of [0, 500, 1_000]) contact.asked(2, atMs)
  contact.asked(2, 11_000)
  expect(contact.isSteady(2, 11_000)).toBe(false)
  contact.asked(2, 11_001)
  expect(contact.isSteady(2, 11_001)).toBe(true)
})
