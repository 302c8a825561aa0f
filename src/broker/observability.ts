/**
 * `/metrics` for Prometheus, `/livez` and `/readyz` for whoever watches the process, on a port of their own.
 *
 * Live: the event loop turns. Ready: clients are served. Never on by default, never told anything secret.
 */
import type { MetricsRegistry } from '../runtime/metrics.ts'
import type { HttpAnswer, Listener, Network } from '../runtime/network.ts'
import type { Endpoint } from './config/endpoints.ts'

const TEXT = 'text/plain; charset=utf-8'
const EXPOSITION = 'text/plain; version=0.0.4; charset=utf-8'

export function serveObservability(
  network: Network,
  endpoint: Endpoint,
  metrics: MetricsRegistry,
  isReady: () => boolean,
): Promise<Listener> {
  const answer = (path: string): HttpAnswer => {
    switch (path) {
      case '/metrics':
        return { status: 200, contentType: EXPOSITION, body: metrics.text() }
      case '/livez':
        return { status: 200, contentType: TEXT, body: 'ok\n' }
      case '/readyz':
        return isReady()
          ? { status: 200, contentType: TEXT, body: 'ok\n' }
          : { status: 503, contentType: TEXT, body: 'not ready\n' }
      default:
        return { status: 404, contentType: TEXT, body: '/metrics, /livez and /readyz are served here\n' }
    }
  }
  return network.serveHttp(endpoint.host, endpoint.port, answer)
}
