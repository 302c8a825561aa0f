/**
 * The house rules as a test: who may import whom, how large files and functions may grow, and which calls
 * only `src/runtime/node` may make. Mend the code, not the guard.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { longFunctions } from './tidy/functions.ts'

const ROOT = resolve(import.meta.dirname, '..')
const FILE_LINES_MAX = 500
const FUNCTION_LINES_MAX = 70

/** Room → rooms it may import, itself always included. `main` is the door that opens rooms on demand. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  runtime: [],
  protocol: [],
  storage: ['protocol', 'runtime'],
  client: ['protocol', 'runtime'],
  coordination: ['protocol'],
  broker: ['client', 'coordination', 'storage', 'protocol', 'runtime'],
  simulation: ['broker', 'client', 'coordination', 'storage', 'protocol', 'runtime'],
  embedded: ['simulation', 'broker', 'client', 'coordination', 'storage', 'protocol', 'runtime'],
  cli: ['client', 'protocol', 'runtime'],
  main: ['broker', 'cli', 'runtime'],
}

/** Packages and built-in modules that a room may use; what touches the machine only `runtime/node` may. */
const PURE_BUILTINS = ['node:zlib', 'node:util', 'node:assert']
const PACKAGES: Record<string, readonly string[]> = {
  'runtime/node': ['*'],
  runtime: [],
  protocol: [...PURE_BUILTINS, '@node-rs/crc32', 'snappy', 'lz4-napi'],
  storage: [],
  client: [],
  coordination: [],
  broker: ['protobufjs/light.js'],
  cli: ['commander'],
  main: [],
}

const FORBIDDEN: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: 'the clock', pattern: /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bprocess\.hrtime\b/ },
  {
    what: 'a timer',
    pattern: /\b(setTimeout|setInterval|setImmediate|queueMicrotask)\b|\bprocess\.nextTick\b/,
  },
  { what: 'randomness', pattern: /\bMath\.random\b|\brandomBytes\b|\brandomUUID\b/ },
  { what: 'the process', pattern: /\bprocess\.(env|exit|argv|stdout|stderr|stdin|on|kill|cwd)\b/ },
]

const FORBIDDEN_EVERYWHERE: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: 'an enum', pattern: /^\s*(export\s+)?(const\s+)?enum\s/m },
  { what: 'a decorator', pattern: /^\s*@[A-Za-z]+(\(|\s*$)/m },
  { what: 'an ignored type error', pattern: /@ts-(ignore|expect-error|nocheck)/ },
  { what: 'any', pattern: /[:<,]\s*any\b|\bas any\b/ },
  { what: 'a path of one machine', pattern: /["'`(\s]\/(work|root)\// },
]

function filesUnder(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
}

/** Comments blanked out, line by line, so that words in them break no rule. */
function codeOf(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/(^|[^:])\/\/.*$/gm, '$1')
}

function roomOf(file: string): string {
  const parts = relative(join(ROOT, 'src'), file).split('/')
  return parts.length === 1 ? 'main' : (parts[0] as string)
}

function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] as string)
}

const sources = filesUnder(join(ROOT, 'src')).map((file) => ({
  file,
  name: relative(ROOT, file),
  room: roomOf(file),
  text: readFileSync(file, 'utf8'),
}))
const tests = filesUnder(join(ROOT, 'test')).map((file) => ({
  file,
  name: relative(ROOT, file),
  text: readFileSync(file, 'utf8'),
}))

describe('tidy', () => {
  it('lets rooms import only the rooms below them', () => {
    const wrong = sources.flatMap((source) =>
      importsOf(codeOf(source.text))
        .filter((path) => path.startsWith('.'))
        .map((path) => roomOf(resolve(dirname(source.file), path)))
        .filter((room) => room !== source.room && !MAY_IMPORT[source.room]?.includes(room))
        .map((room) => `${source.name} imports ${room}`),
    )
    expect(wrong).toEqual([])
  })

  it('lets rooms use only the packages that are theirs', () => {
    const wrong = sources.flatMap((source) => {
      const allowed =
        PACKAGES[source.name.startsWith('src/runtime/node/') ? 'runtime/node' : source.room] ?? []
      if (allowed.includes('*')) return []
      return importsOf(codeOf(source.text))
        .filter((path) => !path.startsWith('.') && !allowed.includes(path))
        .map((path) => `${source.name} uses ${path}`)
    })
    expect(wrong).toEqual([])
  })

  it('has no circles among files', () => {
    const edges = new Map(
      sources.map((source) => [
        source.file,
        importsOf(codeOf(source.text).replace(/import type[^']*'[^']+'/g, ''))
          .filter((path) => path.startsWith('.'))
          .map((path) => resolve(dirname(source.file), path)),
      ]),
    )
    const done = new Set<string>()
    const circles: string[] = []
    const walk = (file: string, path: string[]): void => {
      if (path.includes(file))
        circles.push(
          [...path.slice(path.indexOf(file)), file].map((step) => relative(ROOT, step)).join(' → '),
        )
      if (done.has(file) || path.includes(file)) return
      for (const next of edges.get(file) ?? []) walk(next, [...path, file])
      done.add(file)
    }
    for (const file of edges.keys()) walk(file, [])
    expect(circles).toEqual([])
  })

  it(`keeps files to ${FILE_LINES_MAX} lines`, () => {
    const long = [...sources, ...tests]
      .map((source) => ({ name: source.name, lines: source.text.split('\n').length - 1 }))
      .filter((source) => source.lines > FILE_LINES_MAX)
    expect(long).toEqual([])
  })

  it(`keeps functions to ${FUNCTION_LINES_MAX} lines`, () => {
    const long = sources.flatMap((source) =>
      longFunctions(source.text, FUNCTION_LINES_MAX).map((found) => `${source.name}: ${found}`),
    )
    expect(long).toEqual([])
  })

  it('leaves the machine to src/runtime/node', () => {
    const wrong = sources
      .filter((source) => !source.name.startsWith('src/runtime/node/'))
      .flatMap((source) =>
        FORBIDDEN.filter((rule) => rule.pattern.test(codeOf(source.text))).map(
          (rule) => `${source.name} touches ${rule.what}`,
        ),
      )
    expect(wrong).toEqual([])
  })

  it('keeps out what the house does not speak', () => {
    const wrong = [...sources, ...tests.filter((test) => test.name !== 'test/tidy.test.ts')].flatMap(
      (source) =>
        FORBIDDEN_EVERYWHERE.filter((rule) => rule.pattern.test(codeOf(source.text))).map(
          (rule) => `${source.name} has ${rule.what}`,
        ),
    )
    expect(wrong).toEqual([])
  })

  it('opens every file with a comment that says what it is', () => {
    const silent = sources
      .filter((source) => !/^(#!.*\n)?\/\*\*/.test(source.text))
      .map((source) => source.name)
    expect(silent).toEqual([])
  })

  it('names files in kebab-case', () => {
    const odd = sources.map((source) => source.name).filter((name) => !/^[a-z0-9/-]+\.ts$/.test(name))
    expect(odd).toEqual([])
  })
})
