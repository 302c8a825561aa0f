/**
 * Which values a setting takes, beyond its type, and the text that says why one is refused.
 *
 * The data files write it in Kafka's notation (`[0,...]`, `[a, b]`, …); it becomes a closed union here, at module
 * load, so that a notation nobody understands fails at once. Texts are those that Kafka's tools print.
 */
export type Validator =
  | { readonly kind: 'anything' }
  | {
      readonly kind: 'range'
      readonly min: number | null
      readonly max: number | null
      readonly or: number | null
    }
  | { readonly kind: 'one-of'; readonly values: readonly string[]; readonly ignoreCase: boolean }
  | { readonly kind: 'non-empty-string' }
  | { readonly kind: 'throttled-replicas' }
  | { readonly kind: 'share-offset-reset' }

/** A setting's value with its type; LONG is a bigint, PASSWORD and CLASS are strings. */
export type ConfigValue = boolean | number | bigint | string | readonly string[]

const RANGE = /^\[(-?[\d.]+),\.\.\.(?:,(-?[\d.]+))?\](?: or (-?\d+))?$/
const ONE_OF = /^(\(case insensitive\) )?\[([^\]]+)\]$/
const THROTTLED_REPLICAS = '[partitionId]:[brokerId],[partitionId]:[brokerId],...'
const THROTTLED_REPLICA = /^[0-9]+:[0-9]+$/
const OFFSET_RESET = '[latest, earliest, by_duration:PnDTnHnMn.nS]'
const DURATION = /^P(?=.)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d{1,9})?S)?)?$/i

/** The validator that Kafka's notation describes. */
export function parseValidator(notation: string | undefined): Validator {
  switch (notation) {
    case undefined:
    case '':
    case 'non-null string':
    case 'non-empty list':
      return { kind: 'anything' }
    case 'non-empty string':
      return { kind: 'non-empty-string' }
    case THROTTLED_REPLICAS:
      return { kind: 'throttled-replicas' }
    case OFFSET_RESET:
      return { kind: 'share-offset-reset' }
    default:
  }
  const range = RANGE.exec(notation)
  if (range !== null) {
    const [, min, max, or] = range
    return { kind: 'range', min: bound(min), max: bound(max), or: bound(or) }
  }
  const oneOf = ONE_OF.exec(notation)
  if (oneOf?.[2] === undefined) throw new Error(`validator ${notation} is not understood`)
  return { kind: 'one-of', values: oneOf[2].split(', '), ignoreCase: oneOf[1] !== undefined }
}

function bound(text: string | undefined): number | null {
  return text === undefined ? null : Number(text)
}

/** Why the setting `name` may not be `value`, as Kafka words it; undefined when it may. */
export function validationProblem(
  validator: Validator,
  name: string,
  value: ConfigValue,
): string | undefined {
  switch (validator.kind) {
    case 'anything':
      return undefined
    case 'range':
      return rangeProblem(validator, name, value)
    case 'one-of':
      return oneOfProblem(validator, name, value)
    case 'non-empty-string':
      return value === '' ? invalid(name, value, 'String must be non-empty') : undefined
    case 'throttled-replicas':
      return throttledReplicasProblem(name, value)
    case 'share-offset-reset':
      return offsetResetProblem(name, value)
  }
}

/** Kafka's frame around the reason for which a value is refused. */
export function invalid(name: string, value: ConfigValue, reason: string): string {
  return `Invalid value ${valueText(value)} for configuration ${name}: ${reason}`
}

/** A value the way Kafka prints it: a list has brackets. */
function valueText(value: ConfigValue): string {
  if (Array.isArray(value)) return `[${value.join(', ')}]`
  return String(value)
}

function rangeProblem(
  validator: { readonly min: number | null; readonly max: number | null; readonly or: number | null },
  name: string,
  value: ConfigValue,
): string | undefined {
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined
  const { min, max, or } = validator
  if (or !== null) {
    if (value === or || ((min === null || value >= min) && (max === null || value <= max))) return undefined
    return invalid(name, value, `Value must be between ${min} and ${max} or equal to ${or}`)
  }
  if (min !== null && value < min) return invalid(name, value, `Value must be at least ${min}`)
  if (max !== null && value > max) return invalid(name, value, `Value must be no more than ${max}`)
  return undefined
}

function oneOfProblem(
  validator: { readonly values: readonly string[]; readonly ignoreCase: boolean },
  name: string,
  value: ConfigValue,
): string | undefined {
  const allowed = validator.ignoreCase ? validator.values.map((text) => text.toUpperCase()) : validator.values
  const given: readonly ConfigValue[] = Array.isArray(value) ? value : [value]
  for (const element of given) {
    const text = validator.ignoreCase ? String(element).toUpperCase() : String(element)
    if (allowed.includes(text)) continue
    const ignoring = validator.ignoreCase ? ' (case insensitive)' : ''
    return invalid(name, element, `String must be one of${ignoring}: ${validator.values.join(', ')}`)
  }
  return undefined
}

function throttledReplicasProblem(name: string, value: ConfigValue): string | undefined {
  if (!Array.isArray(value)) return undefined
  if (value.length === 1 && value[0] === '*') return undefined
  if (value.every((element) => THROTTLED_REPLICA.test(String(element)))) return undefined
  const reason = `${name} must be the literal '*' or a list of replicas in the following format: ${THROTTLED_REPLICAS}`
  return invalid(name, value, reason)
}

function offsetResetProblem(name: string, value: ConfigValue): string | undefined {
  const text = String(value)
  if (text === 'latest' || text === 'earliest') return undefined
  if (text.startsWith('by_duration:') && DURATION.test(text.slice('by_duration:'.length))) return undefined
  return invalid(
    name,
    value,
    `Invalid value \`${text}\` for configuration ${name}. The value must be either 'earliest', 'latest' or of the format 'by_duration:<PnDTnHnMn.nS>'.`,
  )
}
