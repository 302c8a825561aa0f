/**
 * CreateTopics (19), versions 2–7: decided by the active controller, answered when every live broker serves the new
 * topics, so that a client finds on its next request what it created (observed 6).
 */
import { decideCreateTopics } from '../../coordination/metadata/decide/create-topics.ts'
import { createTopics } from '../../protocol/messages/create-topics.ts'
import { randomUuid } from '../../runtime/random.ts'
import { decided } from '../controller/command.ts'
import { serveByController } from '../handler.ts'

export const createTopicsCommand = decided(createTopics, {
  decide: (image, request, { node, random }) =>
    decideCreateTopics(image, request, { ...node, topicIds: request.topics.map(() => randomUuid(random)) }),
  refuse: (request, errorCode, errorMessage) => ({
    throttleTimeMs: 0,
    topics: request.topics.map(({ name }) => ({ name, errorCode, errorMessage })),
  }),
  timeoutMs: ({ timeoutMs }) => timeoutMs,
  servedByAll: true,
})

export const createTopicsHandler = serveByController(createTopicsCommand)
