/**
 * A cluster in a test's hands: nodes that it kills and parts from each other, requests that it has fail, time that it lets
 * pass. The same over real sockets and in a simulated world.
 */
import type { Duration } from './duration.ts'
import type { DelayFault, FailFault, Fault } from './fault-rules.ts'
import type { ApiName } from './refusals.ts'

export interface TestCluster extends AsyncDisposable {
  /** The ids of all nodes, from 1 on, running or not. */
  readonly nodes: readonly number[]
  /** Ends a node as SIGKILL does: nothing is handed over. What it had written stays. */
  kill(node: number): Promise<void>
  /** Starts a node again, and resolves when it serves; one that runs is killed first. */
  restart(node: number): Promise<void>
  /**
   * From now on nodes of different groups cannot reach each other; clients reach all, and a node that is in no group too.
   * It takes the place of an earlier one.
   */
  partition(...groups: readonly (readonly number[])[]): Promise<void>
  /** All nodes reach each other again. */
  heal(): Promise<void>
  /** Refuses requests of clients with an error of the protocol. Those of nodes to each other are never struck. */
  fail<A extends ApiName>(api: A, fault: FailFault<A>): Fault
  /** Keeps requests of clients waiting before they are carried out, and those behind them on their connection too. */
  delay<A extends ApiName>(api: A, fault: DelayFault<A>): Fault
  /**
   * Lets time pass in the cluster: retention, time-outs of group members, expiry of committed offsets; for the first minute
   * also all by which brokers judge each other. It resolves when what was due has been done. Over real sockets the clocks of
   * clients are as they were, and what they ask waits until then.
   */
  advance(duration: Duration): Promise<void>
  /** What the time is in the cluster, in milliseconds since 1970. */
  readonly nowMs: number
  /** What happened so far, one line each. */
  history(): string[]
  /** Ends everything. Idempotent; `await using` does it too. */
  close(): Promise<void>
}
