/**
 * Why a command was refused, in the two fields that every API of Kafka has for it.
 *
 * A value, never thrown: a decision that refuses part of a command still answers the rest.
 */
export interface Problem {
  /** One of `protocol/errors.ts`, not 0. */
  readonly errorCode: number
  /** What Kafka's tools print; null where Kafka says nothing. */
  readonly errorMessage: string | null
}

/** Tells a refusal from what was asked for. */
export function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'errorCode' in value && 'errorMessage' in value
}
