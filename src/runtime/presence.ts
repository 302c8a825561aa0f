/**
 * Whether anybody listens at an address: how a node that is only silent is told from one whose process is gone.
 *
 * A process that dies closes its sockets one after the other. For a moment its peers have lost it while its listener
 * still takes connections, only to reset them. So a connection that was taken proves somebody there when it brings something
 * or lasts a while; one that is closed at once is tried again.
 */
import type { Clock } from './clock.ts'
import { limits } from './limits.ts'
import type { Connection, Network } from './network.ts'

/** `refused`: the machine answers, and nobody listens there. `unreachable`: nothing came in time, which proves nothing. */
export type Presence = 'listening' | 'refused' | 'unreachable'

/** Looks for `limitMs` at most, and a moment longer when a connection was taken last. Never rejects. */
export async function presenceAt(
  { clock, network }: { readonly clock: Clock; readonly network: Pick<Network, 'connect'> },
  host: string,
  port: number,
  limitMs: number,
): Promise<Presence> {
  const untilMs = clock.monotonicMs() + limitMs
  for (;;) {
    let connection: Connection
    try {
      connection = await network.connect(host, port, Math.max(1, untilMs - clock.monotonicMs()))
    } catch (error) {
      return isRefusal(error) ? 'refused' : 'unreachable'
    }
    // Whoever goes on closing what it takes is there all the same.
    if ((await lasts(connection, clock)) || clock.monotonicMs() >= untilMs) return 'listening'
    await new Promise<void>((resolve) => clock.schedule(limits.presenceRetryMs, resolve))
  }
}

function lasts(connection: Connection, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const found = (isThere: boolean): void => {
      timer.cancel()
      connection.destroy()
      resolve(isThere)
    }
    const timer = clock.schedule(limits.presenceProofMs, () => found(true))
    const memory = Buffer.alloc(1_024)
    connection.start({
      nextBuffer: () => memory,
      received: () => found(true),
      drained() {},
      closed: () => found(false),
    })
  })
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED'
}
