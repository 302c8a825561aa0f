/**
 * Which failures of the disk pass, and which are the end of a log directory.
 */
import { DiskError } from '../runtime/disk.ts'

/** No room, or no descriptor: passes when others give some back. What was written before is untouched. */
export function isPassing(error: DiskError): boolean {
  switch (error.code) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
    case 'EMFILE':
    case 'ENFILE':
      return true
    default:
      return false
  }
}

/** The disk's failure in what was thrown; anything else is a bug and goes on. */
export function toDiskError(thrown: unknown): DiskError {
  if (thrown instanceof DiskError) return thrown
  throw thrown
}
