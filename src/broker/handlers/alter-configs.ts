/** AlterConfigs (33), versions 0–2: replaces all settings of a resource; in force when it is answered. */
import { decideAlterConfigs } from '../../coordination/metadata/decide/alter-configs.ts'
import { alterConfigs } from '../../protocol/messages/alter-configs.ts'
import { answerLater, serve } from '../handler.ts'

export const alterConfigsHandler = serve(alterConfigs, (request, call) => {
  const { broker } = call
  answerLater(
    call,
    broker.quorum.submit((image) => decideAlterConfigs(image, request, broker.config)),
    (errorCode, errorMessage) => ({
      throttleTimeMs: 0,
      responses: request.resources.map(({ resourceType, resourceName }) => ({
        errorCode,
        errorMessage,
        resourceType,
        resourceName,
      })),
    }),
  )
})
