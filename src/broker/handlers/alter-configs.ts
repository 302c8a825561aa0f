/** AlterConfigs (33), versions 0–2: replaces all settings of a resource; in force on every live broker when it is answered. */
import { decideAlterConfigs } from '../../coordination/metadata/decide/alter-configs.ts'
import { alterConfigs } from '../../protocol/messages/alter-configs.ts'
import { decided } from '../controller/command.ts'
import { answerLater, serve } from '../handler.ts'
import { checkCordons } from './cordon-check.ts'
import { refusedResources } from './refused-resources.ts'

export const alterConfigsCommand = decided(alterConfigs, {
  // A broker's own settings are changed by asking that very broker, whoever decides.
  decide: (image, request, { node, takenBy }) =>
    decideAlterConfigs(image, request, { ...node, nodeId: takenBy }),
  refuse: refusedResources,
  servedByAll: true,
})

export const alterConfigsHandler = serve(alterConfigs, (request, call) => {
  const { broker, apiVersion } = call
  const { goOn, refused } = checkCordons(broker, request.resources)
  const answer = broker.controller.call(alterConfigsCommand, apiVersion, { ...request, resources: goOn })
  answerLater(
    call,
    answer.then((reply) => ({ ...reply, responses: [...reply.responses, ...refused] })),
  )
})
