import { defineConfig } from 'vitest/config'

export default defineConfig({
  // The examples import what users import.
  resolve: { alias: { 'sluice/testing': new URL('./src/embedded/testing.ts', import.meta.url).pathname } },
  test: {
    include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
})
