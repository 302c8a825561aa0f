import { describe, expect, it } from 'vitest'
import { KeyOffsets } from '../../src/storage/key-offsets.ts'
import { dice } from './support/managed-world.ts'

describe('the latest offset of each key', () => {
  it('agrees with a plain map, keys of every length included', () => {
    const roll = dice(3)
    const keys = new KeyOffsets(5_000)
    const model = new Map<string, number>()
    for (let offset = 0; offset < 20_000; offset++) {
      const key = Buffer.alloc(roll(40), roll(60))
      expect(keys.put(key, offset)).toBe(true)
      model.set(key.toString('latin1'), offset)
    }
    expect(keys.count).toBe(model.size)
    for (const [key, offset] of model) expect(keys.get(Buffer.from(key, 'latin1'))).toBe(offset)
    expect(keys.get(Buffer.from('never'))).toBe(-1)
  })

  it('says when it is full, and still updates what it has', () => {
    const keys = new KeyOffsets(1_000_000, 24 * 64)
    let stored = 0
    while (keys.put(Buffer.from(`key ${stored}`), stored)) stored++
    expect(stored).toBe(48)
    expect(keys.put(Buffer.from('key 0'), 99)).toBe(true)
    expect(keys.get(Buffer.from('key 0'))).toBe(99)
  })

  it('hashes as MurmurHash3 x86 128 does: no two of many similar keys meet', () => {
    const keys = new KeyOffsets(200_000)
    for (let i = 0; i < 200_000; i++) keys.put(Buffer.from(String(i)), i)
    expect(keys.count).toBe(200_000)
    for (let i = 0; i < 200_000; i += 997) expect(keys.get(Buffer.from(String(i)))).toBe(i)
  })
})
