import { defineConfig } from 'rolldown'

export default defineConfig({
  input: { main: 'src/main.ts', testing: 'src/embedded/testing.ts' },
  platform: 'node',
  // Packages stay packages: some are native, and the lock file says which versions run.
  external: [/^node:/, /^[a-z@][^:]*$/],
  output: { dir: 'dist', format: 'esm', sourcemap: true, chunkFileNames: '[name]-[hash].js', cleanDir: true },
})
