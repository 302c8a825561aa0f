/** How many files and sockets the system lets this process have open; what Linux says, or a number that every system allows. */
import { readFileSync } from 'node:fs'

const UNKNOWN_SYSTEM_MAX = 1_024

export function descriptorsMax(): number {
  try {
    const found = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
    return found === undefined || found === 'unlimited' ? UNKNOWN_SYSTEM_MAX : Number(found)
  } catch {
    return UNKNOWN_SYSTEM_MAX
  }
}
