/**
 * What goes wrong with disks: no room, errors, slowness, and bytes that are not what was written.
 *
 * A node that halts because of it is started again with a disk that works. Bytes rot only while a machine is off, for what
 * is in its memory does not, and only in segments, whose batches have checksums, below the recovery point; what nobody has
 * noticed by the end is made good as a scrub of the disk would, so that replicas can be compared.
 */
import type { DiskErrorCode } from '../../runtime/disk.ts'
import type { DiskFault, DiskOperation, MemoryDisk } from '../../runtime/memory-disk.ts'
import type { SimulatedNode } from '../simulated-node.ts'
import { unharmed } from '../witness/replica-track.ts'
import type { Arsenal } from './arsenal.ts'
import { patrolRead } from './patrol-read.ts'
import { provenSegments } from './proven-segments.ts'

export const DISK_FAULTS = [
  'full disk',
  'disk error',
  'failed sync',
  'short write',
  'stale read',
  'dead disk',
  'slow disk',
  'bit rot',
  'zeroed page',
  'misdirected write',
] as const

export type DiskFaultKind = (typeof DISK_FAULTS)[number]
type RotKind = Extract<DiskFaultKind, 'bit rot' | 'zeroed page' | 'misdirected write'>

const OPERATIONS: readonly DiskOperation[] = [
  'open',
  'read',
  'write',
  'truncate',
  'sync',
  'rename',
  'remove',
  'syncDirectory',
  'list',
]
const DEAD: MemoryDisk['fault'] = () => 'EIO'
const PATROL = { retryMs: 0, requestTimeoutMs: 2_000, connectTimeoutMs: 1_000 }
const PATROL_PAUSE_MS = 300
const ROOM_BYTES_MAX = 20_000
const SLOW_MS_MAX = 2_000
const PAGE_BYTES = 4_096
const SECTOR_BYTES = 512

interface Rot {
  readonly node: SimulatedNode
  readonly disk: MemoryDisk
  readonly path: string
  readonly position: number
  readonly before: Buffer
  readonly after: Buffer
}

export class DiskFaults {
  readonly #arsenal: Arsenal
  readonly #rots: Rot[] = []
  /** Partitions of which a replica has rotted. */
  readonly #patrolled = new Set<string>()

  constructor(arsenal: Arsenal) {
    this.#arsenal = arsenal
  }

  /** Resolves when it is over, which an error that nobody met yet is not; false when nothing could be struck. */
  async strike(kind: DiskFaultKind, node: SimulatedNode): Promise<boolean> {
    const { random } = this.#arsenal
    switch (kind) {
      case 'full disk':
        node.disk.capacityBytes = node.disk.usedBytes() + random.below(ROOM_BYTES_MAX)
        await this.#arsenal.lull()
        node.disk.capacityBytes = Number.POSITIVE_INFINITY
        return true
      case 'disk error': {
        const operation = random.pick(OPERATIONS)
        return await this.#once(node, operation, 'EIO')
      }
      case 'failed sync':
        return await this.#once(node, 'sync', 'EIO')
      case 'short write': {
        const code: DiskErrorCode = random.chance(0.5) ? 'EIO' : 'ENOSPC'
        return await this.#once(node, 'write', { kind: 'short-write', code, writtenBytes: random.below(500) })
      }
      case 'stale read':
        return await this.#once(node, 'read', { kind: 'stale-read' })
      case 'dead disk':
        node.disk.fault = DEAD
        await this.#arsenal.lull()
        // It comes back when somebody has pulled it out and put it in again.
        node.losePower()
        return await this.#revive(node)
      case 'slow disk':
        node.slowDiskMs = random.between(1, SLOW_MS_MAX)
        await this.#arsenal.lull()
        node.slowDiskMs = 0
        return true
      case 'bit rot':
      case 'zeroed page':
      case 'misdirected write':
        node.losePower()
        return await this.#revive(node, this.#rot(kind, node))
    }
  }

  /** Ends every fault. */
  mend(): void {
    this.#patrolled.clear()
    for (const node of this.#arsenal.simulation.nodes) node.mendDisk()
    // The latest first: what it struck may have been rotten already.
    for (const { node, disk, path, position, before, after } of this.#rots.splice(0).reverse()) {
      if (node.disk !== disk || disk.status(path) === null) continue
      if (bytesOf(disk, path, position, after.length).equals(after)) disk.corrupt(path, position, before)
    }
  }

  /** The next call of that kind goes wrong; if the node halts it is started again. Whoever strikes later also ends it. */
  async #once(node: SimulatedNode, operation: DiskOperation, fault: DiskFault): Promise<boolean> {
    const { disk } = node
    if (disk.fault === DEAD) return false
    let hasStruck = false
    const strikesOnce: MemoryDisk['fault'] = (called) => {
      if (hasStruck || called !== operation) return null
      hasStruck = true
      return fault
    }
    disk.fault = strikesOnce
    await this.#arsenal.lull()
    if (disk.fault !== strikesOnce) return hasStruck
    disk.fault = () => null
    this.#arsenal.start(node)
    return hasStruck
  }

  async #revive(node: SimulatedNode, hasStruck = true): Promise<boolean> {
    node.mendDisk()
    await this.#arsenal.restart([node])
    return hasStruck
  }

  #rot(kind: RotKind, node: SimulatedNode): boolean {
    // Another fault of this disk may be under way.
    return unharmed(node.disk, () => this.#rotOn(kind, node))
  }

  #rotOn(kind: RotKind, node: SimulatedNode): boolean {
    const { random, atlas, ruins, simulation } = this.#arsenal
    const { disk } = node
    const segments = provenSegments(disk)
    if (segments.length === 0) return false
    const { folder, path, sizeBytes } = random.pick(segments)
    if (!atlas.ruins(node.id, folder)) return false
    ruins.push({ atMs: simulation.queue.nowMs, node: node.id, place: folder })
    const position = random.below(sizeBytes)
    const rotten = this.#rotten(kind, disk, path, position, sizeBytes)
    const before = bytesOf(disk, path, rotten.position, rotten.bytes.length)
    this.#rots.push({ node, disk, path, before, after: rotten.bytes, position: rotten.position })
    disk.corrupt(path, rotten.position, rotten.bytes)
    if (before.equals(rotten.bytes)) return false
    if (this.#patrolled.size === 0) void this.#patrol()
    this.#patrolled.add(folder)
    return true
  }

  /** Old records are read again and again, by whoever leads, until all is mended. */
  async #patrol(): Promise<void> {
    const client = this.#arsenal.simulation.client('patrol', PATROL)
    do {
      await this.#arsenal.pause(PATROL_PAUSE_MS)
      for (const folder of this.#patrolled) await patrolRead(client, folder)
    } while (this.#patrolled.size > 0)
    await client.close()
  }

  #rotten(
    kind: RotKind,
    disk: MemoryDisk,
    path: string,
    at: number,
    sizeBytes: number,
  ): { readonly position: number; readonly bytes: Buffer } {
    const { random } = this.#arsenal
    const within = (unitBytes: number) => {
      const position = Math.floor(at / unitBytes) * unitBytes
      return { position, length: Math.min(unitBytes, sizeBytes - position) }
    }
    switch (kind) {
      case 'bit rot': {
        const bytes = bytesOf(disk, path, at, 1)
        bytes.writeUInt8(bytes.readUInt8(0) ^ (1 << random.below(8)), 0)
        return { position: at, bytes }
      }
      case 'zeroed page': {
        const { position, length } = within(PAGE_BYTES)
        return { position, bytes: Buffer.alloc(length) }
      }
      case 'misdirected write': {
        const { position, length } = within(SECTOR_BYTES)
        const other = random.pick(provenSegments(disk))
        const bytes = Buffer.alloc(length)
        // A batch does not say which partition it is of: one that fits where it strays to is found by nobody.
        if (position === 0 && nameOf(other.path) === nameOf(path)) return { position, bytes }
        bytesOf(disk, other.path, 0, length).copy(bytes)
        return { position, bytes }
      }
    }
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function bytesOf(disk: MemoryDisk, path: string, position: number, length: number): Buffer {
  const file = disk.open(path, 'read')
  const bytes = Buffer.alloc(length)
  const got = file.readSync(bytes, 0, length, position)
  file.close()
  return bytes.subarray(0, got)
}
