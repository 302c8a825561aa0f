import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openStorage } from '../../src/broker/broker-storage.ts'
import { loadConfig } from '../../src/broker/config/load-config.ts'
import { Settings } from '../../src/broker/config/settings.ts'
import { silentLog } from '../../src/runtime/log.ts'
import { createNodeWorld } from '../../src/runtime/node/world.ts'
import { noPeers } from '../../src/runtime/peers.ts'

describe('the metadata log', () => {
  it('is neither subject to retention nor to relaxed flushing, whatever the settings say', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-metadata-'))
    const loaded = loadConfig({
      file: null,
      environment: {},
      overrides: [
        ['log.dirs', directory],
        ['log.retention.ms', '1000'],
        ['log.cleanup.policy', 'compact,delete'],
        ['log.flush.interval.messages', '1000000'],
      ],
    })
    if (!loaded.ok) return expect.unreachable(loaded.problems.join())
    const storage = await openStorage(
      loaded.config,
      new Settings(1, loaded.config.statics),
      createNodeWorld(silentLog, noPeers),
    )
    const { config } = storage.metadataLog
    expect(config).toMatchObject({
      deletes: false,
      compacts: false,
      retentionMs: -1,
      durability: { kind: 'group-commit' },
    })
    await storage.close(1n)
    rmSync(directory, { recursive: true })
  })
})
