/**
 * Any history of three brokers: appends, fetches, slow disks, power cuts, fenced brokers, deaf leaders, a controller that
 * is silent, refuses or takes. Whatever happens, a clean election loses nothing that was acknowledged, and logs are equal
 * below the high watermark.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Story } from './story-verbs.ts'

const NODES = [1, 2, 3] as const

/** The step of that kind for that node, if it makes sense now; `null` otherwise. */
function lineOf(story: Story, kind: number, node: number, amount: number): string[] {
  const { leader, isr } = story.committed
  switch (kind) {
    case 0:
    case 1:
    case 2:
      return leader > 0 && story.isUp(leader) ? [`produce ${1 + amount}`] : []
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
      return story.isUp(node) ? [`fetch ${node} max=${1 + amount}`] : []
    case 8:
      return [`disk ${node} ${amount % 2 === 0 ? 'slow' : 'fast'}`]
    case 9:
      return story.isUp(node) ? [`persist ${node}`] : []
    case 10:
      // A crash is noticed: the controller fences the broker, and elects from the in-sync set.
      return story.isUp(node) ? [`crash ${node}${amount % 2 === 0 ? ' process' : ''}`, `fence ${node}`] : []
    case 11:
      if (story.isUp(node)) return []
      return leader < 0 && isr.includes(node) ? [`start ${node}`, `elect ${node}`] : [`start ${node}`]
    case 12: {
      const next = isr.find((member) => member !== leader && story.isUp(member))
      return leader > 0 && next !== undefined ? [`elect ${next}`] : []
    }
    case 13:
      return [`controller ${amount % 2 === 0 ? 'silent' : 'answers'}`]
    case 14:
      return [amount % 3 === 0 ? 'refuse' : 'accept']
    case 15:
      return [amount % 2 === 0 ? `deaf ${node}` : `hears ${node}`]
    case 16:
      return ['checkpoint']
    default:
      return [`advance ${(1 + amount) * 3}s`]
  }
}

describe('any history', () => {
  it('keeps what was acknowledged, on every replica in sync', () => {
    let acknowledged = 0
    const event = fc.tuple(fc.nat(17), fc.constantFrom(...NODES), fc.nat(9))
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 150, size: 'max' }),
        fc.constantFrom(1, 2),
        (events, minIsr) => {
          const story = new Story()
          story.step(`cluster replicas=1,2,3 min-isr=${minIsr} lag=10s`)
          const told: string[] = []
          for (const [kind, node, amount] of events) {
            for (const line of lineOf(story, kind, node, amount)) {
              told.push(line)
              story.step(line)
            }
            expect(story.problems, told.join('\n')).toEqual([])
          }
          acknowledged += story.acknowledgedCount
        },
      ),
      { numRuns: 400 },
    )
    // A test in which nothing is ever acknowledged would show nothing.
    expect(acknowledged).toBeGreaterThan(1_000)
  })

  it('ends with equal logs, once all are up and hear', () => {
    const event = fc.tuple(fc.nat(17), fc.constantFrom(...NODES), fc.nat(9))
    fc.assert(
      fc.property(fc.array(event, { maxLength: 100, size: 'max' }), (events) => {
        const story = new Story()
        story.step('cluster replicas=1,2,3 min-isr=1 lag=10s')
        for (const [kind, node, amount] of events)
          for (const line of lineOf(story, kind, node, amount)) story.step(line)
        story.step('controller answers')
        story.step('accept')
        for (const node of NODES) {
          story.step(`disk ${node} fast`)
          story.step(`hears ${node}`)
          if (!story.isUp(node)) for (const line of lineOf(story, 11, node, 0)) story.step(line)
          story.step(`unfence ${node}`)
        }
        for (const node of NODES) story.step(`persist ${node}`)
        for (let round = 0; round < 4; round++) {
          story.step('advance 2s')
          story.step('settle')
        }
        expect(story.problems).toEqual([])
        expect([...story.committed.isr].sort()).toEqual([...NODES])
        const ends = NODES.map((node) => story.highWatermarkOf(node))
        expect(ends).toEqual([ends[0], ends[0], ends[0]])
      }),
      { numRuns: 200 },
    )
  })
})
