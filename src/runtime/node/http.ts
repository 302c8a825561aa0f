/** Node's HTTP server behind the network port's `serveHttp`; GET only, no bodies read. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { HttpAnswer, Listener } from '../network.ts'

export async function serveHttp(
  host: string,
  port: number,
  answer: (path: string) => HttpAnswer,
): Promise<Listener> {
  const server = createServer({ keepAliveTimeout: 5_000, requestTimeout: 10_000 }, (request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    const { status, contentType, body } =
      request.method === 'GET' || request.method === 'HEAD'
        ? answer(path)
        : { status: 405, contentType: 'text/plain', body: 'only GET is served\n' }
    response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) })
    response.end(request.method === 'HEAD' ? undefined : body)
  })
  server.maxConnections = 64
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: host === '' ? '::' : host, port }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  return {
    host,
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
