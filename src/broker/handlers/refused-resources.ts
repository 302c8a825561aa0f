/** One refusal for every resource whose settings were to be changed: what both ways of changing settings answer. */
import type { AlterConfigsRequest, AlterConfigsResponseInput } from '../../protocol/messages/alter-configs.ts'

type Resource = Pick<AlterConfigsRequest['resources'][number], 'resourceType' | 'resourceName'>

export function refusedResources(
  { resources }: { readonly resources: readonly Resource[] },
  errorCode: number,
  errorMessage: string,
): AlterConfigsResponseInput {
  return {
    throttleTimeMs: 0,
    responses: resources.map(({ resourceType, resourceName }) => ({
      errorCode,
      errorMessage,
      resourceType,
      resourceName,
    })),
  }
}
