/**
 * Memory that was touched a moment ago, given back when a measurement begins.
 *
 * On a virtual machine the host takes free memory back, and the first touch of a page then costs the guest some
 * 2 CPU seconds a GB, ten times what writing to the page cache costs: a produce benchmark on such memory measures
 * the hypervisor. Held by a process of its own, so that giving it back is one exit.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { freemem } from 'node:os'

const GIB = 1024 ** 3
const HELD_BYTES_MAX = 4 * GIB
const HOLD = `
const chunks = []
for (let left = Number(process.argv[1]); left > 0; left -= 1 << 28) chunks.push(Buffer.alloc(1 << 28, 1))
process.stdout.write('held')
process.stdin.resume().on('end', () => process.exit(0))
`

/** Touches a quarter of the free memory, 4 GiB at most; the function that it resolves with gives it back. */
export async function holdMemory(): Promise<() => Promise<void>> {
  const bytes = Math.min(HELD_BYTES_MAX, Math.floor(freemem() / 4))
  const child = spawn(process.execPath, ['-e', HOLD, String(bytes)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const gone = once(child, 'exit')
  await once(child.stdout, 'data')
  return async () => {
    child.stdin.end()
    await gone
  }
}
