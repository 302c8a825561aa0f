/** A disk for one life: what the dead still ask for, and what was under way when they died. */
import { expect, it } from 'vitest'
import { LifeDisk } from '../../src/embedded/life-disk.ts'
import { MemoryDisk } from '../../src/runtime/memory-disk.ts'

function world() {
  const pending: (() => void)[] = []
  const disk = new MemoryDisk({
    later: (call) => pending.push(call),
    tracksDurability: false,
    wallMs: () => 0,
  })
  disk.makeDirectory('/data')
  return { disk, life: new LifeDisk(disk), comeBack: () => pending.shift()?.() }
}

it('ends when what was under way has come back, which the dead do not hear of', async () => {
  const { disk, life, comeBack } = world()
  const heard: string[] = []
  const file = life.open('/data/log', 'create')
  file.write([Buffer.from('written')], 0, () => heard.push('write'))
  file.sync(() => heard.push('sync'))
  life.syncDirectory('/data', () => heard.push('names'))
  expect(life.isIdle).toBe(false)
  let isOver = false
  const ending = life.end().then(() => {
    isOver = true
  })
  for (let call = 0; call < 3; call++) {
    await Promise.resolve()
    expect(isOver).toBe(false)
    comeBack()
  }
  await ending
  expect(heard).toEqual([])
  expect(disk.open('/data/log', 'read').sizeBytes()).toBe(7)
})

it('lets the dead do nothing more', async () => {
  const { disk, life } = world()
  const file = life.open('/data/log', 'create')
  file.writeSync([Buffer.from('alive')], 0)
  const claim = life.lock('/data')
  expect([claim === null, disk.lock('/data')]).toEqual([false, null])
  await life.end()
  expect(() => file.writeSync([Buffer.from('dead')], 0)).toThrow('is dead')
  expect(() => life.rename('/data/log', '/data/gone')).toThrow('is dead')
  expect(() => life.open('/data/log', 'read')).toThrow('is dead')
  expect(disk.lock('/data')).not.toBeNull()
})
