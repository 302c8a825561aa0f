/**
 * Takes one operation through every call that it makes of the disk, and none left out.
 *
 * Before each call, and after the last, the disk is kept as it stands: so a process that is killed there leaves it. Of each
 * such disk every survival of a power cut is tried (`survivals.ts`), but those that come to the same bytes. Then the whole
 * operation is done again once for each call and error that it may answer: the call fails, or a write stops after some bytes.
 * What is left each time is started, judged by the ledger, used once more, loses its power, and is judged again.
 */
import { createHash } from 'node:crypto'
import type { DiskErrorCode } from '../../../src/runtime/disk.ts'
import type { DiskFault, DiskOperation, MemoryDisk } from '../../../src/runtime/memory-disk.ts'
import { Ledger } from './ledger.ts'
import { appendAgain, type Operation } from './operation.ts'
import { frozenCopy, Scene, type Setting } from './scene.ts'
import { survivalsOf } from './survivals.ts'

export interface Row {
  readonly operation: string
  /** Calls that the operation makes when nothing goes wrong, counted by the disk. */
  readonly calls: number
  readonly callsByKind: ReadonlyMap<DiskOperation, number>
  /** Places at which it was killed, and lost power: one before each call, and one after the last. */
  readonly boundaries: number
  /** Ways in which the power was cut there. */
  readonly powerCuts: number
  /** Disks that differ, restarted and judged. */
  readonly images: number
  /** Calls that were made to fail, in each way one time. */
  readonly errors: number
  readonly callsFailed: number
  readonly complaints: readonly string[]
}

/** How a disk behaves in a walk; that of a sound one changes nothing. */
export type Behaviour = (operation: DiskOperation, path: string) => DiskFault | null

interface Point {
  readonly call: string
  readonly disk: MemoryDisk
  readonly ledger: Ledger
  readonly nowMs: number
}

const SETTING: Setting = {
  config: { segmentBytes: 1_000, indexIntervalBytes: 300, fileDeleteDelayMs: 20 },
  directories: ['/data'],
}
const SHORT_WRITE_BYTES = 20
/** What waits for room has tried again by then. */
const RETRY_MS = 700
const losesAll = {
  keepsNames: () => false,
  content: () => ({ keptSteps: 0, tornBytes: 0, losesSector: () => true }),
}
const sound: Behaviour = () => null

class Walk {
  readonly #operation: Operation
  readonly #setting: Setting
  readonly #behaviour: Behaviour
  /** Disks and ledgers that were judged already. */
  readonly #judged = new Set<string>()
  readonly complaints: string[] = []
  powerCuts = 0
  images = 0

  constructor(operation: Operation, behaviour: Behaviour) {
    this.#operation = operation
    this.#setting = { ...SETTING, ...operation.setting }
    this.#behaviour = behaviour
  }

  async prepared(): Promise<Scene> {
    const scene = new Scene(this.#setting)
    await this.#operation.prepare(scene)
    if (scene.told.length > 0) throw new Error(`not prepared: ${scene.told.join()}`)
    return scene
  }

  /** Does the operation once, asking `hook` before each of its calls. */
  async once(scene: Scene, hook: Behaviour): Promise<void> {
    scene.world.disk.fault = (operation, path) => hook(operation, path) ?? this.#behaviour(operation, path)
    await this.#operation.run(scene)
    scene.world.disk.fault = () => null
  }

  async points(): Promise<Point[]> {
    const scene = await this.prepared()
    const points: Point[] = []
    const keep = (call: string): void => void points.push(pointAt(scene, call))
    await this.once(scene, (operation, path) => {
      keep(`${operation} ${path}`)
      return null
    })
    keep('the end')
    return points
  }

  /** Kills and cuts the power at that point, in every way. */
  async stopAt(point: Point): Promise<void> {
    await this.judge(point, `killed before ${point.call}`)
    for (const [index, survival] of survivalsOf(point.disk, this.#operation.needsOrder).entries()) {
      this.powerCuts++
      const disk = frozenCopy(point.disk)
      disk.crashLeaving(survival)
      await this.judge({ ...point, disk }, `power cut ${index} before ${point.call}`)
    }
  }

  async judge(point: Point, where: string): Promise<void> {
    const key = `${fingerprintOf(point.disk)} ${point.ledger.fingerprint}`
    if (this.#judged.has(key)) return
    this.#judged.add(key)
    this.images++
    try {
      await this.#restart(point)
    } catch (error) {
      this.complaints.push(`${where}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  async #restart({ disk, ledger, nowMs }: Point): Promise<void> {
    const scene = new Scene(this.#setting, disk, new Ledger(ledger), nowMs)
    await this.#started(scene)
    await this.again(scene)
    scene.check()
    const left = pointAt(scene, '')
    left.disk.crashLeaving(losesAll)
    await this.#started(new Scene(this.#setting, left.disk, left.ledger, left.nowMs))
  }

  async #started(scene: Scene): Promise<void> {
    const loaded = await scene.start()
    scene.check()
    this.#operation.check?.(scene, loaded)
  }

  again(scene: Scene): Promise<void> {
    return (this.#operation.again ?? appendAgain)(scene)
  }

  /** The operation with one call that fails; true when that call was made. */
  async failing(index: number, fault: DiskFault, name: string): Promise<boolean> {
    const scene = await this.prepared()
    let asked = 0
    let call: string | null = null
    let inside: Point | null = null
    await this.once(scene, (operation, path) => {
      // So a process that is killed inside of a write leaves the disk.
      if (call !== null) inside ??= pointAt(scene, call)
      if (asked++ !== index) return null
      call = `${operation} ${path}`
      return fault
    })
    const where = `${name} of ${call}`
    if (inside !== null && typeof fault === 'object') await this.judge(inside, `killed inside ${call}`)
    const left = pointAt(scene, where)
    await this.judge(left, `killed after ${where}`)
    const disk = frozenCopy(left.disk)
    disk.crashLeaving(losesAll)
    await this.judge({ ...left, disk }, `power cut after ${where}`)
    if (scene.failures.length === 0 && !scene.isOver) await this.#goOn(scene, where)
    return call !== null
  }

  /** No directory failed: the same life goes on. */
  async #goOn(scene: Scene, where: string): Promise<void> {
    try {
      await scene.pass(RETRY_MS)
      await this.again(scene)
      scene.check()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.complaints.push(`in the same life after ${where}: ${reason}`)
    }
  }
}

function pointAt(scene: Scene, call: string): Point {
  return { call, disk: scene.frozen(), ledger: new Ledger(scene.ledger), nowMs: scene.world.clock.nowMs }
}

/** The errors that a call may answer on Linux. */
function faultsOf(operation: DiskOperation): (readonly [name: string, fault: DiskFault])[] {
  const failing = (code: DiskErrorCode) => [code, code] as const
  const short = (code: DiskErrorCode) =>
    [`${code} amid`, { kind: 'short-write', code, writtenBytes: SHORT_WRITE_BYTES }] as const
  switch (operation) {
    case 'read':
    case 'list':
      return [failing('EIO')]
    case 'write':
      return [failing('EIO'), failing('ENOSPC'), short('EIO'), short('ENOSPC')]
    case 'open':
    case 'truncate':
    case 'sync':
    case 'rename':
    case 'remove':
    case 'makeDirectory':
    case 'syncDirectory':
      return [failing('EIO'), failing('ENOSPC')]
  }
}

/** Of the names, sizes and bytes of everything. */
function fingerprintOf(disk: MemoryDisk): string {
  const hash = createHash('sha1')
  const take = (path: string): void => {
    const entries = disk.list(path).sort((one, other) => (one.name < other.name ? -1 : 1))
    for (const { name, kind } of entries) {
      const inside = `${path}/${name}`
      hash.update(`${inside}\n`)
      if (kind === 'directory') take(inside)
      else takeFile(inside)
    }
  }
  const takeFile = (path: string): void => {
    const file = disk.open(path, 'read')
    const bytes = Buffer.alloc(file.sizeBytes())
    file.readSync(bytes, 0, bytes.length, 0)
    hash.update(`${bytes.length}\n`).update(bytes)
  }
  take('')
  return hash.digest('base64')
}

export async function walk(name: string, operation: Operation, behaviour: Behaviour = sound): Promise<Row> {
  const taken = new Walk(operation, behaviour)
  const callsByKind = await countCalls(taken)
  const points = await taken.points()
  for (const point of points) await taken.stopAt(point)
  let errors = 0
  let callsFailed = 0
  for (const [index, { call }] of points.slice(0, -1).entries()) {
    let wasMade = false
    for (const [error, fault] of faultsOf(call.split(' ')[0] as DiskOperation)) {
      errors++
      wasMade = (await taken.failing(index, fault, error)) || wasMade
    }
    if (wasMade) callsFailed++
  }
  const { complaints, powerCuts, images } = taken
  const calls = [...callsByKind.values()].reduce((sum, count) => sum + count, 0)
  return {
    operation: name,
    calls,
    callsByKind,
    boundaries: points.length,
    powerCuts,
    images,
    errors,
    callsFailed,
    complaints,
  }
}

async function countCalls(taken: Walk): Promise<Map<DiskOperation, number>> {
  const scene = await taken.prepared()
  const before = new Map(scene.world.disk.counts)
  await taken.once(scene, () => null)
  return new Map(
    [...scene.world.disk.counts]
      .map(([kind, count]) => [kind, count - (before.get(kind) ?? 0)] as const)
      .filter(([, count]) => count > 0),
  )
}
