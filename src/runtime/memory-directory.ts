/**
 * The names in one directory of the memory disk: as they are now, as they are on the disk, and the changes between.
 *
 * Which unsynced changes a crash keeps is not decided here; one that shares a name with a lost one is lost with it.
 */
import type { Survival } from './crash-survival.ts'
import type { MemoryFile } from './memory-file.ts'

export type MemoryNode = MemoryFile | MemoryDirectory

/** One change; a rename is a single step of the directory it happens in. */
export type NameStep = ReadonlyArray<readonly [name: string, node: MemoryNode | null]>

export class MemoryDirectory {
  /** By which a survival knows it, in copies of the disk too. */
  readonly id: number
  readonly names = new Map<string, MemoryNode>()
  readonly #durable = new Map<string, MemoryNode>()
  #journal: NameStep[] = []
  #settled = 0

  constructor(id: number) {
    this.id = id
  }

  /** `copied` holds the copies of nodes that have one already. */
  copy(copied: Map<MemoryNode, MemoryNode>): MemoryDirectory {
    const other = new MemoryDirectory(this.id)
    copied.set(this, other)
    const copyOf = (node: MemoryNode): MemoryNode => {
      const known = copied.get(node)
      if (known !== undefined) return known
      const fresh = node instanceof MemoryDirectory ? node.copy(copied) : node.copy()
      copied.set(node, fresh)
      return fresh
    }
    for (const [name, node] of this.names) other.names.set(name, copyOf(node))
    for (const [name, node] of this.#durable) other.#durable.set(name, copyOf(node))
    other.#journal = this.#journal.map((step) =>
      step.map(([name, node]) => [name, node === null ? null : copyOf(node)] as const),
    )
    other.#settled = this.#settled
    return other
  }

  /** What no sync covered, oldest first. */
  get unsynced(): readonly NameStep[] {
    return this.#journal
  }

  /** Everything that has a name here, or may have one after a crash. */
  nodes(): Set<MemoryNode> {
    const all = new Set([...this.#durable.values(), ...this.names.values()])
    for (const step of this.#journal) for (const [, node] of step) if (node !== null) all.add(node)
    return all
  }

  change(step: NameStep): void {
    apply(this.names, step)
    this.#journal.push(step)
  }

  /** The point that a sync which starts now will cover. */
  syncTarget(): number {
    return this.#settled + this.#journal.length
  }

  /** Makes the changes up to the point `target` survive a power cut. */
  sync(target: number): void {
    const covered = this.#journal.splice(0, Math.max(0, target - this.#settled))
    this.#settled += covered.length
    for (const step of covered) apply(this.#durable, step)
  }

  crash(survival: Survival): void {
    const steps = this.#journal
    this.#settled += steps.length
    this.#journal = []
    const lost = new Set<string>()
    for (const [index, step] of steps.entries()) {
      const buildsOnLost = step.some(([name]) => lost.has(name))
      if (!buildsOnLost && survival.keepsNames(this.id, index, steps.length)) apply(this.#durable, step)
      else for (const [name] of step) lost.add(name)
    }
    this.names.clear()
    for (const [name, node] of this.#durable) {
      node.crash(survival)
      this.names.set(name, node)
    }
  }
}

function apply(names: Map<string, MemoryNode>, step: NameStep): void {
  for (const [name, node] of step) {
    if (node === null) names.delete(name)
    else names.set(name, node)
  }
}
