/**
 * Messages: a named struct with its range of versions, and the pair of them that makes an API.
 *
 * The same shape describes what travels and what is stored. `flexibleSince` is the first version with compact
 * lengths and tagged fields (KIP-482), null when there is none.
 */
import type { Fields } from './field.ts'

export interface VersionRange {
  readonly min: number
  readonly max: number
}

/** A message that stands alone: a request, a response, a stored record's key or value. */
export interface Message<F extends Fields = Fields> {
  readonly name: string
  readonly versions: VersionRange
  readonly flexibleSince: number | null
  readonly fields: F
}

export type Listener = 'broker' | 'controller'

/** A request and its response; both have the same versions in every API. */
export interface Api<Q extends Fields = Fields, R extends Fields = Fields> {
  readonly key: number
  readonly name: string
  readonly versions: VersionRange
  readonly flexibleSince: number | null
  /** Where Kafka serves it. */
  readonly listeners: readonly Listener[]
  /** The highest version is not released: neither advertised nor used unless a test asks. */
  readonly latestVersionUnstable: boolean
  readonly request: Message<Q>
  readonly response: Message<R>
}

interface MessageFacts<F extends Fields> {
  readonly name: string
  /** First and last version. */
  readonly versions: readonly [number, number]
  readonly flexibleSince?: number
  readonly fields: F
}

interface ApiFacts<Q extends Fields, R extends Fields> {
  readonly key: number
  readonly name: string
  readonly versions: readonly [number, number]
  readonly flexibleSince?: number
  readonly listeners?: readonly Listener[]
  readonly latestVersionUnstable?: boolean
  readonly request: Q
  readonly response: R
}

/** Declares a message that is no request or response. */
export function message<const F extends Fields>(facts: MessageFacts<F>): Message<F> {
  const [min, max] = facts.versions
  return {
    name: facts.name,
    versions: { min, max },
    flexibleSince: facts.flexibleSince ?? null,
    fields: facts.fields,
  }
}

/** Declares an API; its messages are called `<name>Request` and `<name>Response`. */
export function api<const Q extends Fields, const R extends Fields>(facts: ApiFacts<Q, R>): Api<Q, R> {
  const [min, max] = facts.versions
  const versions = { min, max }
  const flexibleSince = facts.flexibleSince ?? null
  return {
    key: facts.key,
    name: facts.name,
    versions,
    flexibleSince,
    listeners: facts.listeners ?? [],
    latestVersionUnstable: facts.latestVersionUnstable ?? false,
    request: { name: `${facts.name}Request`, versions, flexibleSince, fields: facts.request },
    response: { name: `${facts.name}Response`, versions, flexibleSince, fields: facts.response },
  }
}

/** Whether an API has that version at all, released or not. */
export function hasVersion(schema: { readonly versions: VersionRange }, version: number): boolean {
  return version >= schema.versions.min && version <= schema.versions.max
}

/** Whether a version of a message is written with compact lengths and tagged fields. */
export function isFlexible(schema: { readonly flexibleSince: number | null }, version: number): boolean {
  return schema.flexibleSince !== null && version >= schema.flexibleSince
}
