/**
 * IncrementalAlterConfigs (44), versions 0–1: changes single settings; in force on every live broker when it is
 * answered (KIP-339).
 */
import { decideIncrementalAlterConfigs } from '../../coordination/metadata/decide/incremental-alter-configs.ts'
import { incrementalAlterConfigs } from '../../protocol/messages/incremental-alter-configs.ts'
import { decided } from '../controller/command.ts'
import { serveByController } from '../handler.ts'
import { refusedResources } from './refused-resources.ts'

export const incrementalAlterConfigsCommand = decided(incrementalAlterConfigs, {
  // A broker's own settings are changed by asking that very broker, whoever decides.
  decide: (image, request, { node, takenBy }) =>
    decideIncrementalAlterConfigs(image, request, { ...node, nodeId: takenBy }),
  refuse: refusedResources,
  servedByAll: true,
})

export const incrementalAlterConfigsHandler = serveByController(incrementalAlterConfigsCommand)
