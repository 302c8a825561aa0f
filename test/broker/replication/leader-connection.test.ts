/** How long a follower waits for a leader that owes it an answer. */
import { describe, expect, it } from 'vitest'
import { SlabPool } from '../../../src/broker/network/slab-pool.ts'
import { LeaderConnection } from '../../../src/broker/replication/leader-connection.ts'
import { encodeResponse } from '../../../src/protocol/header.ts'
import { apiVersions } from '../../../src/protocol/messages/api-versions.ts'
import type { Connection } from '../../../src/runtime/network.ts'
import { TestClock } from '../../storage/support/world.ts'
import { MemoryNetwork } from './memory-network.ts'

const VERSION = 3
const PATIENCE_MS = 1_000
const CORRELATION_OFFSET = 8

/** A leader that greets at once; every later answer it gives to `late`, to be sent when that likes. */
class Leader {
  readonly clock = new TestClock()
  readonly #network = new MemoryNetwork(this.clock)
  readonly late: Array<(bytes: Buffer) => void> = []
  frame: Buffer = Buffer.alloc(0)

  async connection(): Promise<LeaderConnection> {
    await this.#network.of('leader').listen('leader', 9092, (socket) => this.#accept(socket))
    const world = { clock: this.clock, network: this.#network.of('follower') }
    const options = { clientId: 'follower', connectTimeoutMs: 100, patienceMs: PATIENCE_MS }
    return this.run(LeaderConnection.open(world, new SlabPool(), 'leader', 9092, options))
  }

  #accept(socket: Connection): void {
    const buffer = Buffer.alloc(1_024)
    let isGreeted = false
    socket.start({
      nextBuffer: () => buffer,
      received: () => {
        const apiKeys = [{ apiKey: apiVersions.key, minVersion: VERSION, maxVersion: VERSION }]
        const correlationId = buffer.readInt32BE(CORRELATION_OFFSET)
        this.frame = Buffer.concat(
          encodeResponse(apiVersions, VERSION, correlationId, { errorCode: 0, apiKeys }),
        )
        if (isGreeted) this.late.push((bytes) => socket.write([bytes]))
        else socket.write([this.frame])
        isGreeted = true
      },
      drained() {},
      closed() {},
    })
  }

  /** Moves time until the promise is settled. */
  async run<T>(promise: Promise<T>, eachMs: (passedMs: number) => void = () => {}): Promise<T> {
    let isDone = false
    const finished = promise.finally(() => {
      isDone = true
    })
    // It is awaited below; until then a rejection is nobody's fault.
    finished.catch(() => {})
    for (let passedMs = 1; !isDone && passedMs < 20_000; passedMs++) {
      this.clock.advance(1)
      eachMs(passedMs)
      await new Promise((resolve) => setImmediate(resolve))
    }
    return finished
  }
}

describe('a leader that owes an answer', () => {
  it('is given up when nothing comes for as long as it may wait, and the patience beyond', async () => {
    const leader = new Leader()
    const connection = await leader.connection()
    const beganMs = leader.clock.nowMs
    await expect(leader.run(connection.request(apiVersions, {}, () => {}, 500))).rejects.toThrow('1500 ms')
    expect(leader.clock.nowMs - beganMs).toBeLessThan(1_510)
  })

  it('may take longer than that over a large answer, as long as some of it comes', async () => {
    const leader = new Leader()
    const connection = await leader.connection()
    const beganMs = leader.clock.nowMs
    let sent = 0
    const answered = connection.request(apiVersions, {}, (answer) => answer.apiKeys.length)
    const count = await leader.run(answered, (passedMs) => {
      if (passedMs % 800 !== 0) return
      leader.late[0]?.(leader.frame.subarray(sent, sent + 4))
      sent += 4
    })
    expect(count).toBe(1)
    expect(leader.clock.nowMs - beganMs).toBeGreaterThan(2 * PATIENCE_MS)
  })
})
