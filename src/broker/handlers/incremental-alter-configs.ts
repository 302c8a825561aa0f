/**
 * IncrementalAlterConfigs (44), versions 0–1: changes single settings; in force on every live broker when it is
 * answered (KIP-339).
 */
import { decideIncrementalAlterConfigs } from '../../coordination/metadata/decide/incremental-alter-configs.ts'
import { incrementalAlterConfigs } from '../../protocol/messages/incremental-alter-configs.ts'
import { decided } from '../controller/command.ts'
import { answerLater, serve } from '../handler.ts'
import { checkCordons } from './cordon-check.ts'
import { refusedResources } from './refused-resources.ts'

export const incrementalAlterConfigsCommand = decided(incrementalAlterConfigs, {
  // A broker's own settings are changed by asking that very broker, whoever decides.
  decide: (image, request, { node, takenBy }) =>
    decideIncrementalAlterConfigs(image, request, { ...node, nodeId: takenBy }),
  refuse: refusedResources,
  servedByAll: true,
})

export const incrementalAlterConfigsHandler = serve(incrementalAlterConfigs, (request, call) => {
  const { broker, apiVersion } = call
  const { goOn, refused } = checkCordons(broker, request.resources)
  const answer = broker.controller.call(incrementalAlterConfigsCommand, apiVersion, {
    ...request,
    resources: goOn,
  })
  answerLater(
    call,
    answer.then((reply) => ({ ...reply, responses: [...reply.responses, ...refused] })),
  )
})
