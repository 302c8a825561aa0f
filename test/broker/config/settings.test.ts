/** Settings as they hold now: what the newest image says, however often they were asked for before. */
import { describe, expect, it } from 'vitest'
import { Settings } from '../../../src/broker/config/settings.ts'
import { configResourceType } from '../../../src/coordination/configs/definition.ts'
import { apply } from '../../../src/coordination/metadata/apply.ts'
import { emptyImage } from '../../../src/coordination/metadata/image.ts'

function imageWith(name: string, value: string) {
  const resource = { resourceType: configResourceType.broker, resourceName: '7' }
  const applied = apply(emptyImage, [{ type: 'ConfigRecord', value: { ...resource, name, value } }])
  if (!applied.ok) throw new Error(applied.problem.reason)
  return applied.image
}

describe('settings', () => {
  it('follow the image, also those that were asked for before', () => {
    const settings = new Settings(7, new Map([['max.connections', '12']]))
    expect([settings.number('max.connections'), settings.number('max.connections')]).toEqual([12, 12])
    settings.follow(imageWith('max.connections', '30'))
    expect(settings.number('max.connections')).toBe(30)
    settings.follow(emptyImage)
    expect(settings.number('max.connections')).toBe(12)
  })

  it('name what nobody has defined', () => {
    expect(() => new Settings(7, new Map()).number('no.such')).toThrow('no broker setting is called no.such')
  })
})
