/**
 * A setting's text becomes a value of its type, or Kafka's words for why it does not.
 *
 * Surrounding blanks do not count, a list is split at commas and keeps one of each element. Nothing is looked up:
 * defaults and synonyms belong to `resolve.ts`.
 */
import type { ConfigDefinition, ConfigType } from './definition.ts'
import { type ConfigValue, invalid, validationProblem } from './validator.ts'

export type ParsedConfig =
  | { readonly ok: true; readonly value: ConfigValue }
  | { readonly ok: false; readonly problem: string }

const INTEGER = /^[+-]?\d+$/
const DOUBLE = /^[+-]?(?:NaN|Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[dDfF]?)$/

const LIMITS = {
  SHORT: [-32_768n, 32_767n],
  INT: [-2_147_483_648n, 2_147_483_647n],
  LONG: [-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n],
} as const

/** The value that `text` gives the setting, checked against its validator. */
export function parseConfigValue(definition: ConfigDefinition, text: string): ParsedConfig {
  const typed = parseTyped(definition.name, definition.type, text)
  if (!typed.ok) return typed
  // A double prints as Java would, which `String(2)` does not: the problem's text needs the decimal point.
  const problem = validationProblem(definition.validator, definition.name, typed.value)
  if (problem === undefined) return typed
  return { ok: false, problem: definition.type === 'DOUBLE' ? withDecimalPoint(problem) : problem }
}

function withDecimalPoint(problem: string): string {
  return problem.replace(/^Invalid value (-?\d+) for/, 'Invalid value $1.0 for')
}

function parseTyped(name: string, type: ConfigType, text: string): ParsedConfig {
  const trimmed = text.trim()
  switch (type) {
    case 'BOOLEAN': {
      const lower = trimmed.toLowerCase()
      if (lower === 'true' || lower === 'false') return { ok: true, value: lower === 'true' }
      return { ok: false, problem: invalid(name, text, 'Expected value to be either true or false') }
    }
    case 'STRING':
    case 'CLASS':
    case 'PASSWORD':
      return { ok: true, value: trimmed }
    case 'SHORT':
    case 'INT':
    case 'LONG':
      return parseInteger(name, type, text, trimmed)
    case 'DOUBLE':
      if (!DOUBLE.test(trimmed)) return notANumber(name, type, text)
      return { ok: true, value: Number(trimmed.replace(/[dDfF]$/, '')) }
    case 'LIST':
      return parseList(name, trimmed)
  }
}

function parseInteger(
  name: string,
  type: 'SHORT' | 'INT' | 'LONG',
  text: string,
  trimmed: string,
): ParsedConfig {
  if (!INTEGER.test(trimmed) || trimmed.length > 40) return notANumber(name, type, text)
  const value = BigInt(trimmed.startsWith('+') ? trimmed.slice(1) : trimmed)
  const [min, max] = LIMITS[type]
  if (value < min || value > max) return notANumber(name, type, text)
  return { ok: true, value: type === 'LONG' ? value : Number(value) }
}

function parseList(name: string, trimmed: string): ParsedConfig {
  if (trimmed === '') return { ok: true, value: [] }
  const elements = trimmed.split(',').map((element) => element.trim())
  if (elements.includes('')) {
    return { ok: false, problem: `Configuration '${name}' values must not be empty.` }
  }
  return { ok: true, value: [...new Set(elements)] }
}

function notANumber(name: string, type: ConfigType, text: string): ParsedConfig {
  return { ok: false, problem: invalid(name, text, `Not a number of type ${type}`) }
}
