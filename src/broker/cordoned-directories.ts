/**
 * Which log directories of this broker take no new replicas: what `cordoned.log.dirs` says (KIP-1066).
 *
 * It names directories as `log.dirs` does, or all of them with `*`. The broker tells the controller, which places nothing
 * on a broker that has no other; what lies there already stays and is served.
 */
const ALL = '*'

/** The cordoned ones among `paths`, in their order. */
export function cordonedAmong(named: readonly string[], paths: readonly string[]): readonly string[] {
  return named.includes(ALL) ? paths : paths.filter((path) => named.includes(path))
}

/** Why directories cannot be cordoned, in Kafka's words; null when they can. */
export function cordonProblem(named: readonly string[], paths: readonly string[]): string | null {
  const missing = named.filter((name) => name !== ALL && !paths.includes(name))
  if (missing.length === 0) return null
  const rule = 'All entries in cordoned.log.dirs must be present in log.dirs or log.dir'
  return `requirement failed: ${rule}. Missing entries : ${missing.join(', ')}`
}
