/**
 * Everything that a power cut may leave of a disk, enumerated.
 *
 * Of each directory every set of name changes that is closed under what it builds on (all of them up to six changes; beyond,
 * every prefix, every single loss, every single gain), or every prefix where an operation counts on a file system that keeps
 * the order, as ext4, XFS and Btrfs do. Of each file every prefix of its changes, the last one torn after its first byte and inside
 * its last sector, and all of them without each single sector, or with no more than each single one. Of all these for
 * several directories and files the whole product up to `PRODUCT_MAX`; beyond, each by itself, with all others wholly lost
 * and wholly kept, and every set of names with all contents lost and kept.
 */
import {
  type ContentStep,
  type ContentSurvival,
  firstSteps,
  nothing,
  SECTOR_BYTES,
  type Survival,
} from '../../../src/runtime/crash-survival.ts'
import type { MemoryDisk } from '../../../src/runtime/memory-disk.ts'

const PRODUCT_MAX = 64
const SUBSETS_OF_MAX = 6
const SECTORS_MAX = 24

type NamesChoice = readonly boolean[]
type Choice =
  | { readonly kind: 'names'; readonly id: number; readonly names: NamesChoice }
  | { readonly kind: 'content'; readonly id: number; readonly content: ContentSurvival }

/** First the one that loses everything, last the one that keeps everything. */
export function survivalsOf(disk: MemoryDisk, keepsOrder = false): Survival[] {
  const unsynced = disk.unsynced().map(({ kind, node }): Choice[] => {
    const { id } = node
    if (kind === 'names')
      return namesChoices(node.unsynced.length, keepsOrder).map((names) => ({ kind, id, names }))
    const steps = node.unsynced.filter((step): step is ContentStep => 'kind' in step)
    return contentChoices(steps).map((content) => ({ kind, id, content }))
  })
  const product = unsynced.reduce((count, choices) => count * choices.length, 1)
  return (product <= PRODUCT_MAX ? productOf(unsynced) : oneByOne(unsynced)).map(survivalOf)
}

function namesChoices(count: number, keepsOrder: boolean): NamesChoice[] {
  const indexes = Array.from({ length: count }, (_, index) => index)
  const prefixes = Array.from({ length: count + 1 }, (_, kept) => indexes.map((index) => index < kept))
  if (keepsOrder) return prefixes
  if (count <= SUBSETS_OF_MAX)
    return Array.from({ length: 2 ** count }, (_, mask) =>
      indexes.map((index) => (mask & (1 << index)) !== 0),
    )
  const losses = indexes.map((lost) => indexes.map((index) => index !== lost))
  const gains = indexes.map((kept) => indexes.map((index) => index === kept))
  return [...prefixes.slice(0, -1), ...losses, ...gains, ...prefixes.slice(-1)]
}

function contentChoices(steps: readonly ContentStep[]): ContentSurvival[] {
  const choices = [nothing]
  for (let kept = 1; kept < steps.length; kept++) choices.push(firstSteps(kept))
  const last = steps.at(-1)
  if (last?.kind === 'write' && last.bytes.length > 1) {
    const intoLastSector = (last.position + last.bytes.length) % SECTOR_BYTES || SECTOR_BYTES
    const torn = last.bytes.length - Math.ceil(Math.min(intoLastSector, last.bytes.length) / 2)
    for (const bytes of new Set([1, torn])) choices.push(firstSteps(steps.length - 1, bytes))
  }
  const sectors = sectorsOf(steps)
  const allBut = (loses: (sector: number) => boolean): ContentSurvival => ({
    keptSteps: steps.length,
    tornBytes: 0,
    losesSector: (_step, sector) => loses(sector),
  })
  if (sectors.length > 0) choices.push(allBut(() => true))
  if (sectors.length > 1 && sectors.length <= SECTORS_MAX)
    for (const one of sectors)
      choices.push(
        allBut((sector) => sector === one),
        allBut((sector) => sector !== one),
      )
  return [...choices, firstSteps(steps.length)]
}

function sectorsOf(steps: readonly ContentStep[]): number[] {
  const sectors = new Set<number>()
  for (const step of steps) {
    if (step.kind !== 'write') continue
    const end = step.position + step.bytes.length
    for (let at = Math.floor(step.position / SECTOR_BYTES); at * SECTOR_BYTES < end; at++) sectors.add(at)
  }
  return [...sectors]
}

function productOf(all: readonly Choice[][]): Choice[][] {
  return all.reduce<Choice[][]>(
    (combined, choices) => combined.flatMap((before) => choices.map((choice) => [...before, choice])),
    [[]],
  )
}

function oneByOne(all: readonly Choice[][]): Choice[][] {
  const pick = (at: 0 | -1): Choice[] => all.flatMap((choices) => choices.slice(at).slice(0, 1))
  const names = all.filter(([choice]) => choice?.kind === 'names')
  const contents = all.filter(([choice]) => choice?.kind === 'content')
  const found = [pick(0)]
  const namesProduct = names.reduce((count, choices) => count * choices.length, 1)
  if (namesProduct <= PRODUCT_MAX)
    for (const chosen of productOf(names))
      for (const at of [0, -1] as const)
        found.push([...chosen, ...contents.flatMap((choices) => choices.slice(at).slice(0, 1))])
  for (const [index, choices] of all.entries())
    for (const choice of choices)
      for (const others of [pick(0), pick(-1)]) found.push(others.with(index, choice))
  return [...found, pick(-1)]
}

function survivalOf(choices: readonly Choice[]): Survival {
  const names = new Map<number, NamesChoice>()
  const contents = new Map<number, ContentSurvival>()
  for (const choice of choices) {
    if (choice.kind === 'names') names.set(choice.id, choice.names)
    else contents.set(choice.id, choice.content)
  }
  return {
    keepsNames: (id, index) => names.get(id)?.[index] === true,
    content: (id) => contents.get(id) ?? nothing,
  }
}
