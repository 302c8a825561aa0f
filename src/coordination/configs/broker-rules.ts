/**
 * Whether broker settings may change while brokers run (KIP-226): read-only ones never, per-broker ones not for the
 * whole cluster, security ones only behind a listener's prefix.
 *
 * Names that Kafka does not define pass, as plug-ins read them.
 */
import { errorCode } from '../../protocol/errors.ts'
import type { Problem } from '../problem.ts'
import { brokerDefinition, listenerPrefixable } from './definition.ts'
import { parseConfigValue } from './parse-value.ts'

/** Why these changes (null removes) cannot be made; `clusterWide` when they are for all brokers. */
export function brokerConfigProblem(
  changes: Iterable<readonly [string, string | null]>,
  clusterWide: boolean,
): Problem | undefined {
  const given = [...changes]
  const names = given.map(([name]) => name)
  const fixed = names.filter((name) => brokerDefinition(name)?.update === 'read-only')
  if (fixed.length > 0) return refused(`Cannot update these configs dynamically: [${fixed.join(', ')}]`)
  const bare = names.filter((name) => listenerPrefixable.has(name))
  if (bare.length > 0) {
    const rule =
      'These security configs can be dynamically updated only per-listener using the listener prefix'
    return refused(`${rule}: [${bare.join(', ')}]`)
  }
  const perBroker = names.filter((name) => brokerDefinition(name)?.update === 'per-broker')
  if (clusterWide && perBroker.length > 0) {
    const rule = 'Cannot update these configs at default cluster level, broker id must be specified'
    return refused(`${rule}: [${perBroker.join(', ')}]`)
  }
  for (const [name, text] of given) {
    const definition = brokerDefinition(name)
    if (definition === undefined || text === null) continue
    const parsed = parseConfigValue(definition, text)
    if (!parsed.ok) return refused(parsed.problem)
  }
  return undefined
}

/**
 * What is wrong with a properties file: a sentence for each setting whose value does not parse. Names that Kafka does
 * not define are left to whoever reads them.
 */
export function staticConfigProblems(values: Iterable<readonly [string, string]>): string[] {
  const problems: string[] = []
  for (const [name, text] of values) {
    const definition = brokerDefinition(name)
    if (definition === undefined) continue
    const parsed = parseConfigValue(definition, text)
    if (!parsed.ok) problems.push(parsed.problem)
  }
  return problems
}

function refused(errorMessage: string): Problem {
  return { errorCode: errorCode.INVALID_REQUEST, errorMessage }
}
