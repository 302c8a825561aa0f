/** A port for a process that cannot pick one itself. */
import { type AddressInfo, createServer } from 'node:net'

/** A free port: the system gives none of these to others for a while. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
