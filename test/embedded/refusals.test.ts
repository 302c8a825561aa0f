/** Every API that is served can be refused, in every version, with the code where clients look for it. */
import { describe, expect, it } from 'vitest'
import { handlers } from '../../src/broker/handlers/index.ts'
import { FaultRules } from '../../src/embedded/fault-rules.ts'
import { type ApiName, refusals } from '../../src/embedded/refusals.ts'
import { topicLists } from '../../src/embedded/topic-lists.ts'
import { compile } from '../../src/protocol/codec/compile.ts'
import { errorCode } from '../../src/protocol/errors.ts'
import {
  decodeRequestHeader,
  decodeResponse,
  encodeRequest,
  encodeResponse,
} from '../../src/protocol/header.ts'
import { typicalRequests } from '../cluster/typical-requests.ts'

const subject = { topic: 'orders', topicId: 'AAAAAAAAAAAAAAAAAAAAAg', group: 'readers' }
const code = errorCode.POLICY_VIOLATION

/** All codes in an answer, wherever they stand. */
function codesIn(value: unknown): number[] {
  if (Array.isArray(value)) return value.flatMap(codesIn)
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return []
  return Object.entries(value).flatMap(([name, inner]) =>
    /^errorCode$/.test(name) ? [Number(inner)] : codesIn(inner),
  )
}

describe('refusals', () => {
  it('exist for exactly the APIs that are served', () => {
    expect(Object.keys(refusals).sort()).toEqual(handlers.map(({ api }) => api.name).sort())
    for (const [name, { api }] of Object.entries(refusals)) expect(api.name).toBe(name)
  })

  it.each(handlers.map((handler) => [handler.api.name as ApiName, handler] as const))(
    'tell the code in every version of %s',
    (name, { api, versions }) => {
      const typical = typicalRequests.find((request) => request.api.name === name)
      expect(typical).toBeDefined()
      for (let version = versions.min; version <= versions.max; version++) {
        const body = typical?.body(version, subject, 'unique') ?? {}
        const frame = Buffer.concat([...encodeRequest(api, version, 1, 'test', body as never)]).subarray(4)
        const header = decodeRequestHeader(frame)
        if (!header.ok) throw header.error
        const request = compile(api.request, version).decode(frame, header.position)
        if (!request.ok) throw request.error
        const answer = refusals[name].answer(request.value, { code, apiVersion: version, message: 'refused' })
        const bytes = Buffer.concat([...encodeResponse(api, version, 1, answer as never)]).subarray(4)
        const decoded = decodeResponse(api, version, bytes)
        if (!decoded.ok) throw decoded.error
        expect(codesIn(decoded.value.body), `version ${version}`).toContain(code)
      }
    },
  )
})

describe('fault rules', () => {
  const always = (): boolean => true

  it('strike in order, as often as they were told, and only their topic', () => {
    const rules = new FaultRules()
    const first = rules.fail('Produce', { code: 'NOT_LEADER_OR_FOLLOWER', times: 2, topic: 'orders' })
    const second = rules.fail('Produce', { code: 'REQUEST_TIMED_OUT', carriedOut: true })
    const strikes = ['other', 'orders', 'orders', 'orders'].map((asked) =>
      rules.strike('Produce', (topic) => topic === asked),
    )
    expect(strikes.map(({ refusal }) => refusal?.code)).toEqual([7, 6, 6, 7])
    expect(strikes.map(({ refusal }) => refusal?.topic)).toEqual([null, 'orders', 'orders', null])
    expect([first.struck, second.struck]).toEqual([2, 2])
    second.end()
    expect(rules.strike('Produce', always)).toEqual({ delayMs: 0, refusal: null })
    expect(rules.strike('Fetch', always)).toEqual({ delayMs: 0, refusal: null })
  })

  it('let a request both wait and be refused', () => {
    const rules = new FaultRules()
    rules.delay('Metadata', { ms: 20, times: 1 })
    rules.fail('Metadata', { code: 'LEADER_NOT_AVAILABLE' })
    expect(rules.strike('Metadata', always)).toMatchObject({ delayMs: 20, refusal: { code: 5 } })
    expect(rules.strike('Metadata', always)).toMatchObject({ delayMs: 0, refusal: { code: 5 } })
  })

  it.each([
    [() => new FaultRules().fail('Prduce' as 'Produce', { code: 'NOT_COORDINATOR' }), /"Prduce" is no API/],
    [
      () => new FaultRules().fail('SaslHandshake' as 'Produce', { code: 'NOT_COORDINATOR' }),
      /no API that the/,
    ],
    [() => new FaultRules().fail('Produce', { code: 'NONE' as 'NOT_COORDINATOR' }), /"NONE" is no error/],
    [
      () => new FaultRules().fail('Produce', { code: 'NOT_LEADER' as 'NOT_COORDINATOR' }),
      /"NOT_LEADER" is no/,
    ],
    [() => new FaultRules().fail('Produce', { code: 'NOT_COORDINATOR', times: 0 }), /times: 0/],
    [() => new FaultRules().delay('Fetch', { ms: -1 }), /ms: -1/],
    [
      () => new FaultRules().fail('Heartbeat', { code: 'NOT_COORDINATOR', topic: 't' as never }),
      /names no topics/,
    ],
  ])('say what is wrong (%#)', (make, words) => {
    expect(make).toThrow(words)
  })

  it('may be bound to a topic where a request names some', () => {
    for (const api of Object.keys(topicLists) as (keyof typeof topicLists)[])
      expect(() => new FaultRules().fail(api, { code: 'POLICY_VIOLATION', topic: 'orders' })).not.toThrow()
  })
})
