/**
 * The port to other processes of this very program, for running several nodes on one machine.
 */
import type { Signal } from './terminal.ts'

export interface StartedProcess {
  signal(signal: Signal): void
}

export interface ProcessListener {
  /** One line of its standard output; its standard error goes where ours goes. */
  line(text: string): void
  /** Exactly once; -1 when a signal ended it. */
  ended(exitCode: number): void
}

export interface Processes {
  /** Starts this program again with other arguments. */
  start(programArguments: readonly string[], listener: ProcessListener): StartedProcess
}
