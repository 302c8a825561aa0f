import { expect, it } from 'vitest'
import { RefusalLog } from '../../../src/broker/network/refusal-log.ts'
import { limits } from '../../../src/runtime/limits.ts'
import { type LogFields, silentLog } from '../../../src/runtime/log.ts'
import { TestClock } from '../../storage/support/world.ts'

it('tells a few refusals a second, and how many there were besides', () => {
  const clock = new TestClock()
  const told: LogFields[] = []
  const log = new RefusalLog(clock, { ...silentLog, warn: (_, fields = {}) => told.push(fields) })
  for (let frame = 0; frame < 1_000; frame++) log.refused('10.0.0.1', `frame ${frame}`)
  expect(told.map(({ reason }) => reason)).toEqual(
    Array.from({ length: limits.refusalLinesPerSecondMax }, (_, line) => `frame ${line}`),
  )
  clock.advance(1_000)
  log.refused('10.0.0.2', 'later')
  log.refused('10.0.0.2', 'later still')
  expect(told.slice(-2)).toEqual([
    { peer: '10.0.0.2', reason: 'later', untoldBefore: 1_000 - limits.refusalLinesPerSecondMax },
    { peer: '10.0.0.2', reason: 'later still' },
  ])
})
