/**
 * The port to the person or script that started us: arguments, environment, standard streams, signals.
 */
export type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

export interface Terminal {
  /** What follows the program's name. */
  readonly arguments: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly workingDirectory: string
  /** Whether a person sees standard output, and standard error. */
  readonly outputIsTerminal: boolean
  readonly errorIsTerminal: boolean
  readonly inputIsTerminal: boolean
  /** Columns of the terminal; 80 where there is none. */
  readonly columns: number
  /** Writes to standard output; resolves when the reader has taken it. A reader that went away ends the program quietly. */
  write(text: string | Buffer): Promise<void>
  writeError(text: string): void
  /** Standard input in pieces as they come. */
  readInput(): AsyncIterable<Buffer>
  /** The pieces of a file, for commands that take one. */
  readFile(path: string): AsyncIterable<Buffer>
  onSignal(signal: Signal, callback: () => void): void
  /** The program goes on until it is told to end, even while only timers are left. */
  stayAlive(): void
  /** Ends the program when nothing is left to do, with this code. */
  setExitCode(code: number): void
  /** Ends the program now. */
  exit(code: number): never
}
