/** Whatever a message may hold comes back as it went, at every version of every message. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compile, encodeToBuffer } from '../../src/protocol/codec/compile.ts'
import { messageFromJson, messageToJson } from '../../src/protocol/codec/json.ts'
import { allApis } from '../../src/protocol/messages/index.ts'
import { isFlexible, type Message } from '../../src/protocol/schema/message.ts'
import { allOtherMessages } from './all-messages.ts'
import { structOf } from './arbitraries.ts'

const messages: readonly Message[] = [
  ...allApis.flatMap((api) => [api.request, api.response]),
  ...allOtherMessages,
]

function versionsOf(message: Message): number[] {
  const { min, max } = message.versions
  return Array.from({ length: max - min + 1 }, (_, index) => min + index)
}

describe('round trip', () => {
  test.each(messages.map((message) => [message.name, message] as const))('%s', (_, message) => {
    for (const version of versionsOf(message)) {
      const codec = compile(message, version)
      fc.assert(
        fc.property(structOf(message.fields, version, isFlexible(message, version)), (value) => {
          const bytes = encodeToBuffer(message, version, value)
          const decoded = codec.decode(bytes)
          if (!decoded.ok) throw new Error(decoded.error.message)
          expect(decoded.position).toBe(bytes.length)
          expect(decoded.value).toMatchObject(value)
          expect(encodeToBuffer(message, version, decoded.value).equals(bytes)).toBe(true)
          const json = messageToJson(message, version, decoded.value)
          expect(
            encodeToBuffer(message, version, messageFromJson(message, version, json)).equals(bytes),
          ).toBe(true)
        }),
        { numRuns: 4, seed: version + 1 },
      )
    }
  })

  test('every prefix of a message is an error, and none of them throws', () => {
    for (const message of messages) {
      const version = message.versions.max
      const [value] = fc.sample(structOf(message.fields, version, isFlexible(message, version)), {
        numRuns: 1,
        seed: 7,
      })
      if (value === undefined) throw new Error('no sample')
      const bytes = encodeToBuffer(message, version, value)
      const codec = compile(message, version)
      for (let length = 0; length < bytes.length; length += 1 + (length >> 5)) {
        expect(codec.decode(bytes.subarray(0, length)).ok).toBe(false)
      }
    }
  })
})
