/**
 * The declarations of `sluice/testing` in dist/types: those that its own import, and no others.
 *
 * The compiler declares everything that the sources below it import, and what the brokers are made of is nobody's business.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'

const TYPES = resolve(import.meta.dirname, 'dist/types')
const IMPORT = /(?:from|import\()\s*['"](\.[^'"]+)\.ts['"]/g

const compiler = createRequire(import.meta.url).resolve('typescript/package.json')
execFileSync(process.execPath, [join(dirname(compiler), 'bin/tsc'), '-p', 'tsconfig.types.json'], {
  cwd: import.meta.dirname,
  stdio: 'inherit',
})

const needed = new Set()
const need = (file) => {
  if (needed.has(file)) return
  needed.add(file)
  for (const [, path] of readFileSync(file, 'utf8').matchAll(IMPORT))
    need(resolve(dirname(file), `${path}.d.ts`))
}
need(join(TYPES, 'embedded/testing.d.ts'))

for (const entry of readdirSync(TYPES, { recursive: true, withFileTypes: true })) {
  const file = join(entry.parentPath, entry.name)
  if (entry.isFile() && !needed.has(file)) rmSync(file)
}
