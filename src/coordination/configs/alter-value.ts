/**
 * What one operation of IncrementalAlterConfigs makes of a setting's value (KIP-339).
 *
 * APPEND and SUBTRACT work on lists, start from what counts now (the default, when nothing was set) and keep one of
 * each element. Whether the outcome is allowed is for the rules of its resource to say.
 */
import { errorCode } from '../../protocol/errors.ts'
import type { Problem } from '../problem.ts'
import type { ConfigDefinition } from './definition.ts'

/** Ids of the operations, as on the wire. */
export const alterOperation = { set: 0, delete: 1, append: 2, subtract: 3 } as const

/** The new value, null to remove it; or why the operation makes no sense. */
export type AlteredValue =
  | { readonly ok: true; readonly value: string | null }
  | { readonly ok: false; readonly problem: Problem }

/** One operation as it was asked. */
export interface ConfigOperation {
  readonly name: string
  readonly configOperation: number
  readonly value: string | null
}

/**
 * The outcome of `operation` on a setting whose effective value is `current`. `definition` is undefined for a name
 * that Kafka does not define, which can be set and deleted only.
 */
export function alterValue(
  operation: ConfigOperation,
  definition: ConfigDefinition | undefined,
  current: string | null,
): AlteredValue {
  const { name, configOperation, value } = operation
  if (configOperation === alterOperation.delete) return { ok: true, value: null }
  if (value === null) return refused(errorCode.INVALID_REQUEST, `Null value not supported for : ${name}`)
  switch (configOperation) {
    case alterOperation.set:
      return { ok: true, value }
    case alterOperation.append:
    case alterOperation.subtract: {
      const appends = configOperation === alterOperation.append
      if (definition?.type !== 'LIST') {
        const verb = appends ? 'APPEND' : 'SUBTRACT'
        const message = `Can't ${verb} to key ${name} because its type is not LIST.`
        return refused(errorCode.INVALID_CONFIG, message)
      }
      return { ok: true, value: alteredList(current ?? '', value, appends) }
    }
    default:
      return refused(errorCode.INVALID_REQUEST, `Unknown operation type ${configOperation} for : ${name}`)
  }
}

function alteredList(current: string, change: string, appends: boolean): string {
  const before = elements(current)
  const changed = elements(change)
  const after = appends ? [...before, ...changed] : before.filter((element) => !changed.includes(element))
  return [...new Set(after)].join(',')
}

function elements(list: string): string[] {
  return list
    .split(',')
    .map((element) => element.trim())
    .filter((element) => element !== '')
}

function refused(code: number, errorMessage: string): AlteredValue {
  return { ok: false, problem: { errorCode: code, errorMessage } }
}
