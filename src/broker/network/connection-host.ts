/**
 * What one connection needs of the house around it; the listeners fill it, tests fill it by hand.
 */
import type { Clock } from '../../runtime/clock.ts'
import type { Log } from '../../runtime/log.ts'
import type { Counter } from '../../runtime/metrics.ts'
import type { ClientConnection } from './client-connection.ts'
import type { Exchange } from './exchange.ts'
import type { MemoryBudget } from './memory-budget.ts'
import type { SlabPool } from './slab-pool.ts'

export interface ConnectionHost {
  readonly clock: Clock
  readonly log: Log
  readonly slabs: SlabPool
  readonly memory: MemoryBudget
  readonly metrics: { readonly bytesIn: Counter; readonly bytesOut: Counter }
  readonly frameSizeBytesMax: () => number
  /** True for a request that may be worked on together with others of its kind. */
  mayOverlap(frame: Buffer): boolean
  /** Works on a request; it completes the exchange at once or later. */
  dispatch(connection: ClientConnection, exchange: Exchange): void
  connectionClosed(connection: ClientConnection): void
}
