/** The process's own arguments, streams and signals behind the terminal port. */
import { createReadStream } from 'node:fs'
import type { Terminal } from '../terminal.ts'

const BROKEN_PIPE_EXIT_CODE = 0
const STAY_ALIVE_MS = 60_000

function write(text: string | Buffer): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(text, () => resolve())
  })
}

/** The terminal of this process. */
export function createNodeTerminal(): Terminal {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // `sluice consume | head` is a fine thing to do.
    if (error.code === 'EPIPE') process.exit(BROKEN_PIPE_EXIT_CODE)
    throw error
  })
  return {
    arguments: process.argv.slice(2),
    environment: process.env,
    workingDirectory: process.cwd(),
    outputIsTerminal: process.stdout.isTTY === true,
    errorIsTerminal: process.stderr.isTTY === true,
    inputIsTerminal: process.stdin.isTTY === true,
    columns: process.stdout.columns ?? 80,
    write,
    writeError: (text) => {
      process.stderr.write(text)
    },
    readInput: () => process.stdin as AsyncIterable<Buffer>,
    readFile: (path) => createReadStream(path) as AsyncIterable<Buffer>,
    onSignal: (signal, callback) => {
      process.on(signal, callback)
    },
    stayAlive: () => {
      setInterval(() => {}, STAY_ALIVE_MS)
    },
    setExitCode: (code) => {
      process.exitCode = code
    },
    exit: (code) => process.exit(code),
  }
}
