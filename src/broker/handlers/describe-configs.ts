/** DescribeConfigs (32), versions 1–4: settings with value, source, synonyms and type, from the image. */
import { describeConfigs as describe } from '../../coordination/metadata/describe/describe-configs.ts'
import { describeConfigs } from '../../protocol/messages/describe-configs.ts'
import { serve } from '../handler.ts'

const NO_LOGGERS: ReadonlyMap<string, string> = new Map([['root', 'INFO']])

export const describeConfigsHandler = serve(describeConfigs, (request, call) => {
  const { nodeId, statics } = call.broker.config
  call.reply(describe(call.broker.quorum.image, request, { nodeId, statics, loggers: NO_LOGGERS }))
})
