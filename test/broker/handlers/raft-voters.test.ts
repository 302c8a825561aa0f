/** A node that lags is given the time of the request to catch up before it becomes a voter. */
import { describe, expect, it } from 'vitest'
import type { ControllerFacts } from '../../../src/broker/controller/command.ts'
import { addRaftVoterCommand } from '../../../src/broker/handlers/raft-voters.ts'
import { VotersRefused } from '../../../src/broker/quorum/voters-refused.ts'
import { errorCode } from '../../../src/protocol/errors.ts'

const HIGH_WATERMARK = 40
const request = {
  clusterId: null,
  timeoutMs: 5_000,
  voterId: 2,
  voterDirectoryId: 'AAAAAAAAAAAAAAAAAAAAAg',
  listeners: [{ name: 'CONTROLLER', host: 'two', port: 9093 }],
  ackWhenCommitted: true,
}

/** Adds node 2 to a quorum that refuses it so often; answers what was said and what was waited for. */
async function add(refusals: number) {
  const waits: [number, number[], number][] = []
  let asked = 0
  const quorum = {
    clusterId: 'cluster',
    status: {
      voters: [],
      observers: [{ id: 2, directoryId: request.voterDirectoryId, endpoints: [] }],
      highWatermark: HIGH_WATERMARK,
    },
    changeVoters: async () => {
      if (asked++ < refusals) throw new VotersRefused('not-caught-up')
    },
    whenServed: async (offset: number, nodeIds: () => Iterable<number>, deadlineMs: number) => {
      waits.push([offset, [...nodeIds()], deadlineMs])
    },
  }
  const facts = { quorum, canReach: async () => true } as unknown as ControllerFacts
  const answer = await addRaftVoterCommand.carryOut(request, facts, 1)
  return { code: answer.errorCode, waits }
}

describe('adding a voter', () => {
  it('waits for one that lags, and asks again', async () => {
    expect(await add(2)).toEqual({
      code: 0,
      waits: [
        [HIGH_WATERMARK, [2], 500],
        [HIGH_WATERMARK, [2], 500],
      ],
    })
  })

  it('is refused when the time is over', async () => {
    const { code, waits } = await add(Number.POSITIVE_INFINITY)
    expect(code).toBe(errorCode.INVALID_REQUEST)
    expect(waits).toHaveLength(9)
  })
})
