/** ListConfigResources (74), versions 0–1: resources that have settings (KIP-714, KIP-1142). */
import { listConfigResources as list } from '../../coordination/metadata/describe/list-config-resources.ts'
import { listConfigResources } from '../../protocol/messages/list-config-resources.ts'
import { serve } from '../handler.ts'

export const listConfigResourcesHandler = serve(listConfigResources, (request, call) => {
  call.reply(list(call.broker.quorum.image, request, call.apiVersion))
})
