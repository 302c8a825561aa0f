/**
 * One broker per directory: an exclusive claim in the file `.lock`, kept until release or death.
 *
 * Node has no flock, so the file names its holder (pid, start time, token) and a dead holder's claim is
 * taken over. Kafka locks the same file with fcntl, which `/proc/locks` shows where there is one. It must
 * never break the lock of a live process (trap 20).
 */
import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import { dirname } from 'node:path'
import type { DirectoryLock } from '../disk.ts'

const LOCK_FILE = '.lock'

/** Claims of this process by real path: a pid alone cannot tell two brokers of one process apart. */
const heldHere = new Set<string>()

interface Holder {
  readonly pid: number
  /** Ticks since boot when the process started; tells a reused pid from the old one. '' where unknown. */
  readonly startTime: string
  readonly token: string
}

function textOf(path: string): string | null {
  try {
    return fs.readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

/** Field 22 of /proc/<pid>/stat, with the boot id, so that a claim does not outlive a reboot; '' for a dead one that nobody has waited for. */
function startTimeOf(pid: number): string {
  const status = textOf(`/proc/${pid}/stat`)
  if (status === null) return ''
  const afterName = status.slice(status.lastIndexOf(')') + 2).split(' ')
  if (afterName[0] === 'Z') return ''
  const boot = textOf('/proc/sys/kernel/random/boot_id')?.trim() ?? ''
  return `${boot}:${afterName[19] ?? ''}`
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function parseHolder(text: string): Holder | null {
  const [pid, startTime, token] = text.trim().split(' ')
  if (pid === undefined || !/^\d+$/.test(pid) || token === undefined) return null
  return { pid: Number(pid), startTime: startTime === '-' ? '' : (startTime ?? ''), token }
}

/** Whether some process holds an fcntl or flock lock on the file (a running Kafka does). */
function isLockedByKernel(lockPath: string): boolean {
  const locks = textOf('/proc/locks')
  const inode = fs.statSync(lockPath, { throwIfNoEntry: false })?.ino
  if (locks === null || inode === undefined) return false
  return locks.split('\n').some((line) => line.includes(`:${inode} `))
}

function isHeld(lockPath: string, text: string): boolean {
  const holder = parseHolder(text)
  if (holder === null) return isLockedByKernel(lockPath)
  if (holder.pid === process.pid) return heldHere.has(fs.realpathSync(dirname(lockPath)))
  if (!isAlive(holder.pid)) return false
  return holder.startTime === '' || holder.startTime === startTimeOf(holder.pid)
}

/** Puts our claim in place if no file stands there; creation and content become visible at once. */
function claim(lockPath: string, mine: string, token: string): boolean {
  const draft = `${lockPath}.${token}`
  fs.writeFileSync(draft, mine, { flag: 'wx' })
  try {
    fs.linkSync(draft, lockPath)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    fs.rmSync(draft, { force: true })
  }
}

/** Claims `directory`; null when a live process holds it. */
export function lockDirectory(directory: string): DirectoryLock | null {
  const lockPath = `${directory}/${LOCK_FILE}`
  const realPath = fs.realpathSync(directory)
  if (heldHere.has(realPath)) return null
  const token = randomUUID()
  const mine = `${process.pid} ${startTimeOf(process.pid) || '-'} ${token}\n`
  while (!claim(lockPath, mine, token)) {
    const text = textOf(lockPath)
    if (text === null) continue
    if (isHeld(lockPath, text)) return null
    // Two that find a dead claim both move it aside; whoever moved a live one by mistake puts it back.
    const aside = `${lockPath}.dead.${token}`
    try {
      fs.renameSync(lockPath, aside)
    } catch {
      continue
    }
    if (textOf(aside) !== text) {
      fs.renameSync(aside, lockPath)
      return null
    }
    fs.rmSync(aside, { force: true })
  }
  heldHere.add(realPath)
  return {
    release() {
      if (!heldHere.delete(realPath)) return
      if (textOf(lockPath) === mine) fs.rmSync(lockPath, { force: true })
    },
  }
}
