/** IncrementalAlterConfigs (44), versions 0–1: changes single settings; in force when it is answered (KIP-339). */
import { decideIncrementalAlterConfigs } from '../../coordination/metadata/decide/incremental-alter-configs.ts'
import { incrementalAlterConfigs } from '../../protocol/messages/incremental-alter-configs.ts'
import { answerLater, serve } from '../handler.ts'

export const incrementalAlterConfigsHandler = serve(incrementalAlterConfigs, (request, call) => {
  const { broker } = call
  answerLater(
    call,
    broker.quorum.submit((image) => decideIncrementalAlterConfigs(image, request, broker.config)),
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
