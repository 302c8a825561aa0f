/**
 * Whether a group may have these settings: known names, legal values, and within the bounds that the broker's
 * own settings draw (`group.consumer.min.session.timeout.ms` and its kin).
 */
import { errorCode } from '../../protocol/errors.ts'
import type { Problem } from '../problem.ts'
import { brokerDefinitions, groupDefinitions } from './definition.ts'
import { parseConfigValue } from './parse-value.ts'
import { type BrokerConfigLayers, resolveBrokerConfig } from './resolve.ts'
import { numberValue } from './typed-value.ts'

const FAMILY = /^(consumer|share|streams)\.(.+)$/

/** Why `values` cannot be a group's settings; undefined when they can. */
export function groupConfigProblem(
  values: Iterable<readonly [string, string]>,
  layers: BrokerConfigLayers,
): Problem | undefined {
  const given = [...values]
  for (const [name] of given) {
    if (!groupDefinitions.has(name)) return refused(`Unknown group config name: ${name}`)
  }
  const numbers = new Map<string, number>()
  for (const [name, text] of given) {
    const definition = groupDefinitions.get(name)
    if (definition === undefined) continue
    const parsed = parseConfigValue(definition, text)
    if (!parsed.ok) return refused(parsed.problem)
    if (typeof parsed.value === 'number') numbers.set(name, parsed.value)
  }
  for (const [name, value] of numbers) {
    const problem = boundProblem(name, value, layers)
    if (problem !== undefined) return problem
  }
  return heartbeatProblem(numbers, layers)
}

/** The broker setting that bounds a group's from below or above; undefined when there is none. */
function boundName(name: string, side: 'min' | 'max'): string | undefined {
  const [, family, rest] = FAMILY.exec(name) ?? []
  if (family === undefined || rest === undefined) return undefined
  const bound = `group.${family}.${side}.${rest.replace(/^num\./, '')}`
  return brokerDefinitions.has(bound) ? bound : undefined
}

function brokerNumber(name: string, layers: BrokerConfigLayers): number | undefined {
  const definition = brokerDefinitions.get(name)
  return definition && numberValue(resolveBrokerConfig(definition, layers))
}

function boundProblem(name: string, value: number, layers: BrokerConfigLayers): Problem | undefined {
  const min = boundName(name, 'min')
  const least = min === undefined ? undefined : brokerNumber(min, layers)
  if (least !== undefined && value < least) return refused(`${name} must be greater than or equal to ${min}`)
  const max = boundName(name, 'max')
  const most = max === undefined ? undefined : brokerNumber(max, layers)
  if (most !== undefined && value > most) return refused(`${name} must be less than or equal to ${max}`)
  return undefined
}

function heartbeatProblem(
  numbers: ReadonlyMap<string, number>,
  layers: BrokerConfigLayers,
): Problem | undefined {
  for (const family of ['consumer', 'share', 'streams']) {
    const session = `${family}.session.timeout.ms`
    const heartbeat = `${family}.heartbeat.interval.ms`
    if (!numbers.has(session) && !numbers.has(heartbeat)) continue
    const sessionMs = numbers.get(session) ?? brokerNumber(`group.${session}`, layers)
    const heartbeatMs = numbers.get(heartbeat) ?? brokerNumber(`group.${heartbeat}`, layers)
    if (sessionMs !== undefined && heartbeatMs !== undefined && sessionMs <= heartbeatMs) {
      return refused(`${session} must be greater than ${heartbeat}`)
    }
  }
  return undefined
}

function refused(errorMessage: string): Problem {
  return { errorCode: errorCode.INVALID_CONFIG, errorMessage }
}
