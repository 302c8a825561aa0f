import { describe, expect, it } from 'vitest'
import { MetricWindow } from '../../src/runtime/metric-window.ts'

describe('a metric window', () => {
  it('knows nothing before something was recorded', () => {
    const window = new MetricWindow(0)
    expect([window.average(10), window.max(10), window.ratePerSecond(10)]).toEqual([
      Number.NaN,
      Number.NaN,
      0,
    ])
  })

  it('tells average, maximum and rate of what was recorded', () => {
    const window = new MetricWindow(0)
    for (const value of [10, 20, 60]) window.record(value, 1_000)
    expect([window.average(2_000), window.max(2_000), window.ratePerSecond(2_000)]).toEqual([30, 60, 3])
  })

  it('keeps the window before the running one, and no more', () => {
    const window = new MetricWindow(0)
    window.record(90, 29_999)
    window.record(30, 45_000)
    expect([window.average(59_999), window.max(59_999)]).toEqual([60, 90])
    expect(window.ratePerSecond(45_000)).toBeCloseTo(120 / 45)
    expect([window.average(60_000), window.max(60_000)]).toEqual([30, 30])
    expect([window.average(90_000), window.max(90_000), window.ratePerSecond(90_000)]).toEqual([
      Number.NaN,
      Number.NaN,
      0,
    ])
  })

  it('forgets all at once after a long silence', () => {
    const window = new MetricWindow(0)
    window.record(5, 10)
    expect(window.max(1_000_000)).toBeNaN()
    window.record(7, 1_000_001)
    expect(window.max(1_000_002)).toBe(7)
  })
})
