/**
 * What only the broker itself can judge of settings that are changed: whether it has the directories that are to be cordoned.
 *
 * Resources that it refuses go no further; all others are the active controller's to decide.
 */
import { configResourceType } from '../../coordination/configs/definition.ts'
import { errorCode } from '../../protocol/errors.ts'
import { cordonProblem } from '../cordoned-directories.ts'
import type { BrokerServices } from '../services.ts'

interface RequestedResource {
  readonly resourceType: number
  readonly resourceName: string
  readonly configs: readonly { readonly name: string; readonly value: string | null }[]
}

/** The resources that may go on, and the answers for those that may not. */
export function checkCordons<R extends RequestedResource>(broker: BrokerServices, resources: readonly R[]) {
  const { nodeId, logDirectories } = broker.config
  const goOn: R[] = []
  const refused = []
  for (const resource of resources) {
    const { resourceType, resourceName, configs } = resource
    const isThisBroker = resourceType === configResourceType.broker && resourceName === String(nodeId)
    const cordon = isThisBroker ? configs.find(({ name }) => name === 'cordoned.log.dirs') : undefined
    const named = (cordon?.value ?? '').split(',').map((name) => name.trim())
    const errorMessage = cordonProblem(
      named.filter((name) => name !== ''),
      logDirectories,
    )
    if (errorMessage === null) goOn.push(resource)
    else refused.push({ resourceType, resourceName, errorCode: errorCode.INVALID_REQUEST, errorMessage })
  }
  return { goOn, refused }
}
