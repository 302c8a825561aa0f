/** AlterConfigs (33), versions 0–2: replaces all settings of a resource; in force on every live broker when it is answered. */
import { decideAlterConfigs } from '../../coordination/metadata/decide/alter-configs.ts'
import { alterConfigs } from '../../protocol/messages/alter-configs.ts'
import { decided } from '../controller/command.ts'
import { serveByController } from '../handler.ts'
import { refusedResources } from './refused-resources.ts'

export const alterConfigsCommand = decided(alterConfigs, {
  // A broker's own settings are changed by asking that very broker, whoever decides.
  decide: (image, request, { node, takenBy }) =>
    decideAlterConfigs(image, request, { ...node, nodeId: takenBy }),
  refuse: refusedResources,
  servedByAll: true,
})

export const alterConfigsHandler = serveByController(alterConfigsCommand)
