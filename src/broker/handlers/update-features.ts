/** UpdateFeatures (57), versions 0–2: finalizes levels of features, decided by the active controller (KIP-584). */
import { decideUpdateFeatures } from '../../coordination/metadata/decide/update-features.ts'
import { updateFeatures } from '../../protocol/messages/update-features.ts'
import { decided } from '../controller/command.ts'
import { serveByController } from '../handler.ts'

export const updateFeaturesCommand = decided(updateFeatures, {
  decide: (image, request, { node }, _nextOffset, apiVersion) =>
    decideUpdateFeatures(image, request, node, apiVersion),
  refuse: (_request, errorCode, errorMessage) => ({ throttleTimeMs: 0, errorCode, errorMessage }),
  timeoutMs: ({ timeoutMs }) => timeoutMs,
  servedByAll: true,
})

export const updateFeaturesHandler = serveByController(updateFeaturesCommand)
