/** In-sync sets on their way to the controller: together, one request at a time, asked again until their fate is known. */
import { describe, expect, it } from 'vitest'
import type { alterPartitionCommand } from '../../../src/broker/controller/alter-partition-command.ts'
import type { Controller } from '../../../src/broker/controller/controller.ts'
import { IsrProposals } from '../../../src/broker/controller/isr-proposals.ts'
import type { IsrProposal } from '../../../src/broker/partitions/partition-controller.ts'
import type { MetadataImage } from '../../../src/coordination/metadata/image.ts'
import { topicByName } from '../../../src/coordination/metadata/image.ts'
import type {
  AlterPartitionRequest,
  AlterPartitionResponseInput,
} from '../../../src/protocol/messages/alter-partition.ts'
import { silentLog } from '../../../src/runtime/log.ts'
import { cluster, withTopic } from '../../coordination/metadata/support.ts'
import { TestClock } from '../../storage/support/world.ts'

const REFUSED = 107
const STALE_EPOCH = 77
const OUTDATED = 95

class Bench {
  readonly clock = new TestClock()
  readonly asked: AlterPartitionRequest[] = []
  answers: ((answer: AlterPartitionResponseInput) => void)[] = []
  image: MetadataImage = withTopic(cluster(null, null, null), 't', { assignments: [[1, 2, 3]] })
  readonly proposals = new IsrProposals({
    controller: {
      call: (_command: typeof alterPartitionCommand, _version: number, request: AlterPartitionRequest) => {
        this.asked.push(request)
        return new Promise<AlterPartitionResponseInput>((resolve) => this.answers.push(resolve))
      },
    } as unknown as Controller,
    brokerId: 1,
    brokerEpoch: () => 1n,
    image: () => this.image,
    clock: this.clock,
    log: silentLog,
  })

  proposal(partition: number, refused: (code: number) => void = () => {}, lost: number[] = []): IsrProposal {
    return {
      topic: 't',
      topicId: topicByName(this.image, 't')?.id ?? '',
      partition,
      leaderEpoch: 0,
      partitionEpoch: 4,
      isr: [{ brokerId: 1, brokerEpoch: 1n }],
      lost,
      refused,
    }
  }

  /** Answers the request under way with one code for each of its partitions. */
  async answer(code: number, topLevel = 0): Promise<void> {
    const request = this.asked.at(-1)
    this.answers.shift()?.({
      throttleTimeMs: 0,
      errorCode: topLevel,
      topics: (topLevel === 0 ? (request?.topics ?? []) : []).map(({ topicId, partitions }) => ({
        topicId,
        partitions: partitions.map(({ partitionIndex }) => ({
          partitionIndex,
          errorCode: code,
          leaderId: 1,
          leaderEpoch: 0,
          isr: [],
          partitionEpoch: 0,
        })),
      })),
    })
    await new Promise((resolve) => setImmediate(resolve))
  }

  partitions(index: number): number[] {
    return (this.asked[index]?.topics ?? []).flatMap(({ partitions }) =>
      partitions.map(({ partitionIndex }) => partitionIndex),
    )
  }
}

describe('proposals of in-sync sets', () => {
  it('leave together at the end of a turn, the next ones after the answer', async () => {
    const bench = new Bench()
    bench.proposals.proposeIsr(bench.proposal(0))
    bench.proposals.proposeIsr(bench.proposal(1))
    bench.clock.advance(0)
    expect(bench.partitions(0)).toEqual([0, 1])
    bench.proposals.proposeIsr(bench.proposal(2))
    bench.clock.advance(10)
    expect(bench.asked).toHaveLength(1)
    await bench.answer(0)
    bench.clock.advance(1_000)
    expect(bench.partitions(1)).toEqual([2])
  })

  it('tell a leader what was refused for good, and nothing else', async () => {
    const bench = new Bench()
    const codes: number[] = []
    bench.proposals.proposeIsr(bench.proposal(0, (code) => codes.push(code)))
    bench.clock.advance(0)
    await bench.answer(REFUSED)
    expect(codes).toEqual([REFUSED])
    bench.proposals.proposeIsr(bench.proposal(0, (code) => codes.push(code)))
    bench.clock.advance(0)
    await bench.answer(0)
    expect(codes).toEqual([REFUSED])
  })

  it('trap 13: are asked again where nobody knows what became of them', async () => {
    const bench = new Bench()
    const codes: number[] = []
    bench.proposals.proposeIsr(bench.proposal(0, (code) => codes.push(code)))
    bench.clock.advance(0)
    await bench.answer(0, STALE_EPOCH)
    bench.clock.advance(1_000)
    expect(bench.asked).toHaveLength(2)
    await bench.answer(41)
    bench.clock.advance(1_000)
    expect(bench.asked).toHaveLength(3)
    expect(codes).toEqual([])
  })

  it('trap 13: are not refused by a newer partition epoch, which the lost answer to them may have made', async () => {
    const bench = new Bench()
    const codes: number[] = []
    bench.proposals.proposeIsr(bench.proposal(0, (code) => codes.push(code)))
    bench.clock.advance(0)
    await bench.answer(0, STALE_EPOCH)
    bench.clock.advance(1_000)
    await bench.answer(OUTDATED)
    bench.clock.advance(1_000)
    expect(codes).toEqual([])
    expect(bench.asked).toHaveLength(2)
  })

  it('leave a leader out that must not lead', () => {
    const bench = new Bench()
    const { topicId } = bench.proposal(0)
    bench.proposals.giveUpLeadership({ topic: 't', topicId, partition: 0, leaderEpoch: 0, reason: 'damage' })
    bench.clock.advance(0)
    const [partition] = bench.asked[0]?.topics[0]?.partitions ?? []
    expect(partition?.newIsrWithEpochs.map(({ brokerId }) => brokerId)).toEqual([2, 3])
    bench.proposals.giveUpLeadership({
      topic: 't',
      topicId,
      partition: 0,
      leaderEpoch: 9,
      reason: 'old news',
    })
    bench.clock.advance(1_000)
    expect(bench.asked).toHaveLength(1)
  })

  it('leave a leader that was in sync alone to those who are eligible, and alive', () => {
    const bench = new Bench()
    const { topicId } = bench.proposal(0)
    const topic = topicByName(bench.image, 't')
    const partition = topic?.partitions.get(0)
    if (topic === undefined || partition === undefined) throw new Error('there is no such partition')
    const alone = { ...partition, isr: [1], eligibleLeaderReplicas: [2, 3] }
    const [dead] = [...bench.image.brokers.values()].filter(({ id }) => id === 3)
    if (dead === undefined) throw new Error('there is no such broker')
    bench.image = {
      ...bench.image,
      topics: new Map([[topicId, { ...topic, partitions: new Map([[0, alone]]) }]]),
      brokers: new Map([...bench.image.brokers, [3, { ...dead, fenced: true }]]),
    } as unknown as MetadataImage
    bench.proposals.giveUpLeadership({ topic: 't', topicId, partition: 0, leaderEpoch: 0, reason: 'damage' })
    bench.clock.advance(0)
    const [asked] = bench.asked[0]?.topics[0]?.partitions ?? []
    expect(asked?.newIsrWithEpochs.map(({ brokerId }) => brokerId)).toEqual([2])
  })
})
