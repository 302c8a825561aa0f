/**
 * Holds every schema against Kafka's own definition of the message: fields and their order, types, versions,
 * nullability, tags, defaults, what may be dropped, and where messages are flexible.
 */
import { describe, expect, test } from 'vitest'
import { defaultOf } from '../../src/protocol/codec/defaults.ts'
import { isNullable, isPresent } from '../../src/protocol/codec/shape.ts'
import { allApis, retiredApis } from '../../src/protocol/messages/index.ts'
import type { Field, Fields } from '../../src/protocol/schema/field.ts'
import type { Message } from '../../src/protocol/schema/message.ts'
import { ZERO_UUID } from '../../src/protocol/uuid.ts'
import { allOtherMessages } from './all-messages.ts'
import { type FieldFact, type MessageFact, readFacts } from './golden-files.ts'

const facts = readFacts()

/** What is compared of a field; both sides are brought into this form. */
interface Described {
  readonly name: string
  readonly type: unknown
  readonly versions: readonly number[]
  readonly nullableVersions: readonly number[]
  readonly tag: number | null
  readonly default: unknown
  readonly ignorable: boolean
  readonly flexible: boolean
}

/** `"3+"`, `"0-14"`, `"none"` as the versions of the message that they name. */
function versionsIn(range: string | undefined, all: readonly number[]): number[] {
  if (range === undefined || range === 'none') return []
  const match = /^(\d+)(\+|-(\d+))?$/.exec(range)
  if (match === null) throw new Error(`no range: ${range}`)
  const min = Number(match[1])
  const max = match[2] === '+' ? Number.POSITIVE_INFINITY : Number(match[3] ?? min)
  return all.filter((version) => version >= min && version <= max)
}

function rangeOf(range: string): number[] {
  return versionsIn(
    range,
    Array.from({ length: 100 }, (_, version) => version),
  )
}

class FactReader {
  readonly #all: readonly number[]
  readonly #structs: ReadonlyMap<string, readonly FieldFact[]>

  constructor(message: MessageFact) {
    this.#all = rangeOf(message.validVersions)
    this.#structs = new Map((message.commonStructs ?? []).map(({ name, fields }) => [name, fields]))
  }

  fields(fields: readonly FieldFact[]): Described[] {
    return fields.map((field) => this.#field(field))
  }

  #field(field: FieldFact): Described {
    const versions = versionsIn(field.versions ?? field.taggedVersions, this.#all)
    return {
      name: field.name.charAt(0).toLowerCase() + field.name.slice(1),
      type: this.#type(field),
      versions,
      nullableVersions: versionsIn(field.nullableVersions, versions),
      tag: field.tag ?? null,
      default: this.#default(field),
      ignorable: field.ignorable === true,
      flexible: field.flexibleVersions !== 'none',
    }
  }

  #type(field: FieldFact): unknown {
    const isArray = field.type.startsWith('[]')
    const name = isArray ? field.type.slice(2) : field.type
    const structFields = field.fields ?? this.#structs.get(name)
    const type = structFields === undefined ? name : this.fields(structFields)
    return isArray ? [type] : type
  }

  #default(field: FieldFact): unknown {
    // A default of null is the word; a JSON null is no default at all (what Kafka writes shows it).
    const text = (field.default ?? undefined) === undefined ? undefined : String(field.default)
    if (text === 'null') return null
    if (field.type.startsWith('[]')) return []
    switch (field.type) {
      case 'bool':
        return text === 'true'
      case 'int64':
        return BigInt(text ?? 0)
      case 'string':
        return text ?? ''
      case 'uuid':
        return text ?? ZERO_UUID
      case 'bytes':
      case 'records':
        return Buffer.alloc(0)
      default:
        return /^[A-Z]/.test(field.type) ? 'struct of defaults' : Number(text ?? 0)
    }
  }
}

function describeFields(fields: Fields, versions: readonly number[]): Described[] {
  return Object.entries(fields).map(([name, field]) => {
    const present = versions.filter((version) => isPresent(field, version))
    const value = defaultOf(field)
    return {
      name,
      type: describeType(field, versions),
      versions: present,
      nullableVersions: present.filter((version) => isNullable(field, version)),
      tag: field.options.tag ?? null,
      default: field.kind === 'struct' && value !== null ? 'struct of defaults' : value,
      ignorable: field.options.ignorable === true,
      flexible: field.options.flexible !== false,
    }
  })
}

function describeType(field: Field, versions: readonly number[]): unknown {
  if (field.kind === 'struct') return describeFields(field.fields ?? {}, versions)
  if (field.kind === 'array' && field.element !== undefined) return [describeType(field.element, versions)]
  return field.kind
}

const messages = new Map<string, Message>(
  [...allApis.flatMap((api) => [api.request, api.response]), ...allOtherMessages].map((message) => [
    message.name,
    message,
  ]),
)

function versionsOf(message: Message): number[] {
  return rangeOf(`${message.versions.min}-${message.versions.max}`)
}

describe('every message is what Kafka 4.4 defines', () => {
  const live = facts.filter((fact) => fact.validVersions !== 'none')

  test('there are as many messages as definitions', () => {
    expect(facts.length).toBe(286)
    expect([...messages.keys()].sort()).toEqual(live.map((fact) => fact.name).sort())
  })

  test.each(live.map((fact) => [fact.name, fact] as const))('%s', (name, fact) => {
    const message = messages.get(name)
    if (message === undefined) throw new Error(`no schema for ${name}`)
    const versions = versionsOf(message)
    expect(versions).toEqual(rangeOf(fact.validVersions))
    expect(describeFields(message.fields, versions)).toEqual(new FactReader(fact).fields(fact.fields ?? []))
    const flexible = versions.filter(
      (version) => message.flexibleSince !== null && version >= message.flexibleSince,
    )
    expect(flexible).toEqual(versionsIn(fact.flexibleVersions, versions))
  })
})

describe('every API is what Kafka 4.4 defines', () => {
  const requests = facts.filter((fact) => fact.type === 'request')

  test('keys, names, listeners and unreleased versions', () => {
    const told = requests
      .filter((fact) => fact.validVersions !== 'none')
      .map((fact) => ({
        key: fact.apiKey,
        name: fact.name.replace(/Request$/, ''),
        listeners: [...(fact.listeners ?? [])].sort(),
        latestVersionUnstable: fact.latestVersionUnstable === true,
      }))
    const ours = allApis.map((api) => ({
      key: api.key,
      name: api.name,
      listeners: [...api.listeners].sort(),
      latestVersionUnstable: api.latestVersionUnstable,
    }))
    const byKey = (a: { key?: number | undefined }, b: { key?: number | undefined }) =>
      Number(a.key) - Number(b.key)
    expect(ours.sort(byKey)).toEqual(told.sort(byKey))
  })

  test('APIs that have no version any more', () => {
    const dead = requests
      .filter((fact) => fact.validVersions === 'none')
      .map((fact) => ({ key: fact.apiKey, name: fact.name.replace(/Request$/, '') }))
    expect([...retiredApis].sort((a, b) => a.key - b.key)).toEqual(
      dead.sort((a, b) => Number(a.key) - Number(b.key)),
    )
  })
})
