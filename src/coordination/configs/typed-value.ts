/**
 * A resolved setting as the value that code works with.
 *
 * What was set has been checked then, so text that no longer parses (a log written under older rules) counts as the
 * default instead of stopping a broker. Asking for a type that the setting does not have is a bug.
 */
import type { ConfigDefinition } from './definition.ts'
import { parseConfigValue } from './parse-value.ts'
import type { ResolvedConfig } from './resolve.ts'
import type { ConfigValue } from './validator.ts'

const LONG_MAX = 9_223_372_036_854_775_807n

/** The value with its type; null when neither a value nor a default is there. */
export function typedValue(resolved: ResolvedConfig): ConfigValue | null {
  const { definition, value } = resolved
  if (value !== null) {
    const parsed = parseConfigValue(definition, value)
    if (parsed.ok) return parsed.value
  }
  return defaultValue(definition)
}

function defaultValue(definition: ConfigDefinition): ConfigValue | null {
  if (definition.default === null) return null
  const parsed = parseConfigValue(definition, definition.default)
  return parsed.ok ? parsed.value : null
}

function wrongType(resolved: ResolvedConfig, wanted: string): Error {
  return new Error(`setting ${resolved.definition.name} is no ${wanted}`)
}

/** SHORT, INT, LONG or DOUBLE as a number; the largest LONG, which means "without limit", is Infinity. */
export function numberValue(resolved: ResolvedConfig): number {
  const value = typedValue(resolved)
  if (typeof value === 'number') return value
  if (typeof value !== 'bigint') throw wrongType(resolved, 'number')
  return value === LONG_MAX ? Number.POSITIVE_INFINITY : Number(value)
}

/** A BOOLEAN. */
export function booleanValue(resolved: ResolvedConfig): boolean {
  const value = typedValue(resolved)
  if (typeof value !== 'boolean') throw wrongType(resolved, 'boolean')
  return value
}

/** A STRING, CLASS or PASSWORD; null when nothing gives one. */
export function textValue(resolved: ResolvedConfig): string | null {
  const value = typedValue(resolved)
  if (value !== null && typeof value !== 'string') throw wrongType(resolved, 'text')
  return value
}

/** A LIST, in the order in which it was given. */
export function listValue(resolved: ResolvedConfig): readonly string[] {
  const value = typedValue(resolved)
  if (value === null) return []
  if (typeof value !== 'object') throw wrongType(resolved, 'list')
  return value
}
