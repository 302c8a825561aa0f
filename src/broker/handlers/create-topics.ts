/**
 * CreateTopics (19), versions 2–7: decided by the metadata quorum, answered when this node serves the new
 * topics, so that a client finds on its next request what it created (observed 6).
 */
import { decideCreateTopics } from '../../coordination/metadata/decide/create-topics.ts'
import { createTopics } from '../../protocol/messages/create-topics.ts'
import { randomUuid } from '../../runtime/random.ts'
import { answerLater, serve } from '../handler.ts'

export const createTopicsHandler = serve(createTopics, (request, call) => {
  const { broker } = call
  const topicIds = request.topics.map(() => randomUuid(broker.world.random))
  const { nodeId, statics } = broker.config
  answerLater(
    call,
    broker.quorum.submit((image) => decideCreateTopics(image, request, { nodeId, statics, topicIds })),
    (errorCode, errorMessage) => ({
      throttleTimeMs: 0,
      topics: request.topics.map(({ name }) => ({ name, errorCode, errorMessage })),
    }),
  )
})
