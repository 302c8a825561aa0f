/**
 * A port for a process that cannot pick one itself.
 *
 * Below the range from which the system takes the ports of outgoing connections: one that it had picked there itself was
 * taken by some client now and then before its broker could listen.
 */
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

const PORT_MIN = 12_000
const PORT_MAX = 32_000

/** Whether this process could listen there a moment ago. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** A free port, drawn at random so that tests that run side by side get different ones. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORT_MIN, PORT_MAX)
    if (await isFree(port)) return port
  }
}
