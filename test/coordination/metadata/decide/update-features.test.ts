/** Levels of features: served ones are finalized, all of a request or none. */
import { describe, expect, it } from 'vitest'
import { decideRegisterBroker } from '../../../../src/coordination/metadata/decide/register-broker.ts'
import { decideUpdateFeatures } from '../../../../src/coordination/metadata/decide/update-features.ts'
import { applied, CLUSTER_ID, cluster, node, registration, withoutEligible } from '../support.ts'

const image = cluster(null)
const update = (feature: string, maxVersionLevel: number, upgradeType = 1, allowDowngrade = false) => ({
  feature,
  maxVersionLevel,
  upgradeType,
  allowDowngrade,
})

function ask(updates: readonly ReturnType<typeof update>[], validateOnly = false, version = 2) {
  return decideUpdateFeatures(
    image,
    { timeoutMs: 0, featureUpdates: updates, validateOnly },
    { ...node, nodeId: 2 },
    version,
  )
}

describe('UpdateFeatures', () => {
  it('refuses a level that a registered broker does not have', () => {
    const old = registration(2, 2)
    const features = old.features.filter(({ name }) => name !== 'eligible.leader.replicas.version')
    const context = {
      clusterId: CLUSTER_ID,
      nextOffset: 2n,
      hasLiveSession: false,
      relaxesFlushing: false,
      ...node,
    }
    const off = withoutEligible(image)
    const joined = applied(off, decideRegisterBroker(off, { ...old, features }, context).records)
    const featureUpdates = [update('eligible.leader.replicas.version', 1)]
    const { reply } = decideUpdateFeatures(
      joined,
      { timeoutMs: 0, featureUpdates, validateOnly: false },
      node,
      2,
    )
    expect(reply.errorMessage).toContain('Broker 2 only supports versions 0-0')
  })

  it.each([
    ['a level above what is served', [update('group.version', 99)]],
    ['a feature that nobody knows', [update('no.such', 1)]],
    ["the quorum's own version", [update('kraft.version', 1)]],
    ['a lower metadata.version', [update('metadata.version', 20, 3)]],
    ['one bad among good ones', [update('metadata.version', 30), update('group.version', 99)]],
  ])('refuses %s', (_, updates) => {
    const { records, reply } = ask(updates)
    expect([reply.errorCode, records]).toEqual([95, []])
  })

  it.each([
    [
      update('metadata.version', 99),
      'Invalid update version 99 for feature metadata.version. Local controller 2 only supports versions 7-30',
    ],
    [
      update('no.such', 1),
      'Invalid update version 1 for feature no.such. Local controller 2 does not support this feature.',
    ],
    [
      update('metadata.version', 29),
      "Invalid update version 29 for feature metadata.version. Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade.",
    ],
    [
      update('metadata.version', 25, 2),
      'Unsupported metadata.version downgrade from 30 to 25. Refusing to perform the requested downgrade because it might delete metadata information.',
    ],
  ])('tells why, in the words of Kafka', (one, why) => {
    expect(ask([one]).reply.errorMessage).toBe(
      `The update failed for all features since the following feature had an error: ${why}`,
    )
  })

  it('refuses one feature twice', () => {
    expect(ask([update('metadata.version', 30), update('metadata.version', 30)]).reply.errorCode).toBe(42)
  })

  it('changes nothing where the level is there already, and answers as its version does', () => {
    const { records, reply } = ask([update('metadata.version', 30)], false, 1)
    expect([reply.errorCode, records]).toEqual([0, []])
    expect(reply.results).toEqual([{ feature: 'metadata.version', errorCode: 0, errorMessage: null }])
    expect(ask([update('metadata.version', 30)]).reply).not.toHaveProperty('results')
  })

  it('finalizes a level that a cluster of an older version does not have', () => {
    const older = applied(image, [
      { type: 'FeatureLevelRecord', value: { name: 'metadata.version', featureLevel: 25 } },
    ])
    const request = { timeoutMs: 0, featureUpdates: [update('metadata.version', 30)], validateOnly: false }
    expect(decideUpdateFeatures(older, request, node, 2).records).toEqual([
      { type: 'FeatureLevelRecord', value: { name: 'metadata.version', featureLevel: 30 } },
    ])
    expect(decideUpdateFeatures(older, { ...request, validateOnly: true }, node, 2).records).toEqual([])
  })
})
