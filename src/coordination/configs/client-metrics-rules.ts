/**
 * Whether a client metrics subscription may have these settings (KIP-714).
 */
import { errorCode } from '../../protocol/errors.ts'
import type { Problem } from '../problem.ts'
import { clientMetricsDefinitions } from './definition.ts'
import { parseConfigValue } from './parse-value.ts'

const INTERVAL_MS_MIN = 100
const INTERVAL_MS_MAX = 3_600_000

/** What a pattern of `match` can look at. */
const MATCHABLE: ReadonlySet<string> = new Set([
  'client_instance_id',
  'client_id',
  'client_software_name',
  'client_software_version',
  'client_source_address',
  'client_source_port',
])

/** Why `values` cannot be a subscription's settings; undefined when they can. */
export function clientMetricsConfigProblem(values: Iterable<readonly [string, string]>): Problem | undefined {
  for (const [name, text] of values) {
    const definition = clientMetricsDefinitions.get(name)
    if (definition === undefined) {
      return {
        errorCode: errorCode.INVALID_REQUEST,
        errorMessage: `Unknown client metrics configuration: ${name}`,
      }
    }
    const parsed = parseConfigValue(definition, text)
    if (!parsed.ok) return { errorCode: errorCode.INVALID_CONFIG, errorMessage: parsed.problem }
    if (typeof parsed.value === 'number') {
      if (parsed.value >= INTERVAL_MS_MIN && parsed.value <= INTERVAL_MS_MAX) continue
      const bounds = `interval must be between ${INTERVAL_MS_MIN} and ${INTERVAL_MS_MAX} (1 hour)`
      return {
        errorCode: errorCode.INVALID_REQUEST,
        errorMessage: `Invalid value ${text} for ${name}, ${bounds}`,
      }
    }
    if (name !== 'match' || typeof parsed.value !== 'object') continue
    const illegal = parsed.value.find((pattern) => !isMatchPattern(pattern))
    if (illegal !== undefined) {
      const errorMessage = `Illegal client matching pattern: ${illegal}`
      return { errorCode: errorCode.INVALID_CONFIG, errorMessage }
    }
  }
  return undefined
}

function isMatchPattern(pattern: string): boolean {
  const split = pattern.indexOf('=')
  if (split < 0 || !MATCHABLE.has(pattern.slice(0, split).trim())) return false
  try {
    new RegExp(pattern.slice(split + 1))
    return true
  } catch {
    return false
  }
}
