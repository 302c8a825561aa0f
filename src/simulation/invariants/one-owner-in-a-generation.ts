/** Invariant 32: in one generation of a group a partition has one owner, and generations never step back (33). */
import type { History } from '../history.ts'

export function oneOwnerInAGeneration({ joins }: History): string[] {
  const violations: string[] = []
  const owners = new Map<string, string>()
  for (const { group, member, generation, share } of joins)
    for (const place of share) {
      const key = `${place} in generation ${generation} of ${group}`
      const before = owners.get(key) ?? member
      owners.set(key, before)
      if (before !== member) violations.push(`${key} belongs to ${before} and to ${member}`)
    }
  for (const { group, generation, invokedMs } of joins) {
    const earlier = joins.find(
      (one) => one.group === group && one.endedMs < invokedMs && one.generation > generation,
    )
    if (earlier !== undefined)
      violations.push(`${group} is in generation ${generation} after generation ${earlier.generation}`)
  }
  return violations
}
