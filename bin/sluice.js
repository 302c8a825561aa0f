#!/usr/bin/env node
// The door of `sluice`: refuses a Node that is too old in one clear line, then opens the built program.
// Written for any Node, so it must not use newer syntax before the check.
const parts = process.versions.node.split('.').map(Number)
if (parts[0] < 22 || (parts[0] === 22 && parts[1] < 18)) {
  process.stderr.write(
    `sluice needs Node.js 22.18 or newer; this is ${process.version}. Run it with \`npx sluice\` or \`npm start\`, which bring their own, or upgrade Node.js.\n`,
  )
  process.exit(1)
}
// Flushes to disk and cold reads wait in libuv's pool; four threads would let one slow disk hold up all.
process.env.UV_THREADPOOL_SIZE ??= '16'
void import('node:module').then(({ enableCompileCache }) => {
  enableCompileCache?.()
  return import('../dist/main.js')
})
