/** This program, started again as a child process. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Processes } from '../processes.ts'

export const nodeProcesses: Processes = {
  start(programArguments, listener) {
    const [, program = ''] = process.argv
    const child = spawn(process.execPath, [...process.execArgv, program, ...programArguments], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    createInterface({ input: child.stdout }).on('line', (line) => listener.line(line))
    child.on('exit', (code) => listener.ended(code ?? -1))
    return { signal: (signal) => void child.kill(signal) }
  },
}
