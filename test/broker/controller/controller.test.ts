/** A request on its way to the active controller, wherever that is. */
import { describe, expect, it } from 'vitest'
import { brokerHeartbeatCommand } from '../../../src/broker/controller/broker-life-commands.ts'
import { untyped } from '../../../src/broker/controller/command.ts'
import { Controller } from '../../../src/broker/controller/controller.ts'
import type { ClusterQuorum } from '../../../src/broker/quorum/metadata-quorum.ts'
import { NotController } from '../../../src/broker/quorum/not-controller.ts'
import { encodeToBuffer } from '../../../src/protocol/codec/compile.ts'
import { errorCode } from '../../../src/protocol/errors.ts'
import { brokerHeartbeat } from '../../../src/protocol/messages/broker-heartbeat.ts'
import { silentLog } from '../../../src/runtime/log.ts'
import { cluster, heartbeat } from '../../coordination/metadata/support.ts'

const VERSION = brokerHeartbeat.versions.max

/** A controller that leads until it decides; `next` answers for the one after it. */
function open(next: () => Promise<Buffer>, failure: Error | null = null): Controller {
  const lost = new NotController(2, 'leadership was lost before the change was committed')
  const quorum = {
    image: cluster(null, null, null),
    isActive: true,
    failure,
    submit: () => Promise.reject(failure ?? lost),
    serveCommands() {},
    callController: next,
  } as unknown as ClusterQuorum
  const node = { nodeId: 1, statics: new Map<string, string>() }
  const random = { bytes: (sizeBytes: number) => Buffer.alloc(sizeBytes), below: () => 0 }
  const canReach = () => Promise.resolve(true)
  const facts = { quorum, node, random, canReach, hasLiveSession: () => false, heardOf() {} }
  return new Controller(facts, [untyped(brokerHeartbeatCommand)], silentLog)
}

const answer = { throttleTimeMs: 0, errorCode: 0, isCaughtUp: true, isFenced: false, shouldShutDown: false }

describe('a request to the active controller', () => {
  it('goes to the next one when this one leads no more while it decides', async () => {
    const controller = open(async () => encodeToBuffer(brokerHeartbeat.response, VERSION, answer))
    expect(await controller.call(brokerHeartbeatCommand, VERSION, heartbeat(2, 1n))).toMatchObject(answer)
  })

  it('goes to the next one when the log of this one fails while it decides', async () => {
    const failure = new Error('the metadata log cannot be written any more: EIO')
    const controller = open(async () => encodeToBuffer(brokerHeartbeat.response, VERSION, answer), failure)
    expect(await controller.call(brokerHeartbeatCommand, VERSION, heartbeat(2, 1n))).toMatchObject(answer)
  })

  it('tells that nobody has answered, where nobody has', async () => {
    const controller = open(() => Promise.reject(new NotController(-1, 'no controller answered')))
    const refused = await controller.call(brokerHeartbeatCommand, VERSION, heartbeat(2, 1n))
    expect(refused.errorCode).toBe(errorCode.REQUEST_TIMED_OUT)
  })

  it('tells that the controller failed, here or elsewhere, and brings nobody down by it', async () => {
    const controller = open(() => Promise.reject(new Error('the controller failed: EIO on its metadata log')))
    const refused = await controller.call(brokerHeartbeatCommand, VERSION, heartbeat(2, 1n))
    expect(refused.errorCode).toBe(errorCode.UNKNOWN_SERVER_ERROR)
  })
})
