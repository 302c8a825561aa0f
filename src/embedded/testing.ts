/**
 * `sluice/testing`: a real cluster inside a test, with its faults and its time in the test's hands.
 */

export type {
  InitialRecord,
  Latency,
  SettingValue,
  TestClusterOptions,
  TopicOptions,
} from './cluster-options.ts'
export type { Duration } from './duration.ts'
export type { DelayFault, FailFault, Fault, FaultCode } from './fault-rules.ts'
export type { ApiName } from './refusals.ts'
export { type StartedCluster, type StartOptions, startCluster } from './start-cluster.ts'
export { type SimulatedCluster, startSimulation } from './start-simulation.ts'
export type { TestCluster } from './test-cluster.ts'
