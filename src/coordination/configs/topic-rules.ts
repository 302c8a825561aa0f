/**
 * Whether a topic may have these settings, all of them together.
 *
 * Looks at names first, then at each value, then at what does not go together, and stops at the first problem, which
 * is the one that Kafka tells.
 */
import { errorCode } from '../../protocol/errors.ts'
import type { Problem } from '../problem.ts'
import { topicDefinitions } from './definition.ts'
import { parseConfigValue } from './parse-value.ts'
import type { ConfigValue } from './validator.ts'

/** Why `values` (texts by name, only those that are set) cannot be a topic's settings; undefined when they can. */
export function topicConfigProblem(values: Iterable<readonly [string, string | null]>): Problem | undefined {
  const given = [...values]
  const nulls = given.filter(([, text]) => text === null).map(([name]) => name)
  if (nulls.length > 0) return refused(`Null value not supported for topic configs: ${nulls.join(',')}`)
  for (const [name] of given) {
    if (!topicDefinitions.has(name)) return refused(`Unknown topic config name: ${name}`)
  }
  const typed = new Map<string, ConfigValue>()
  for (const [name, text] of given) {
    const definition = topicDefinitions.get(name)
    if (definition === undefined || text === null) continue
    const parsed = parseConfigValue(definition, text)
    if (!parsed.ok) return refused(parsed.problem)
    typed.set(name, parsed.value)
  }
  return lagProblem(typed) ?? tieringProblem(typed)
}

function lagProblem(typed: ReadonlyMap<string, ConfigValue>): Problem | undefined {
  const min = typed.get('min.compaction.lag.ms') ?? 0n
  const max = typed.get('max.compaction.lag.ms')
  if (max === undefined || min <= max) return undefined
  return refused(
    `conflict topic config setting min.compaction.lag.ms (${min}) > max.compaction.lag.ms (${max})`,
  )
}

function tieringProblem(typed: ReadonlyMap<string, ConfigValue>): Problem | undefined {
  if (typed.get('remote.storage.enable') !== true) return undefined
  return refused(
    'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.',
  )
}

function refused(errorMessage: string): Problem {
  return { errorCode: errorCode.INVALID_CONFIG, errorMessage }
}
