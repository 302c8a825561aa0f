/**
 * DeleteTopics (20), versions 1–6, by name or id: answered when every live broker has let go of the topics. Their
 * folders are renamed at once and removed after `file.delete.delay.ms`.
 */
import { decideDeleteTopics } from '../../coordination/metadata/decide/delete-topics.ts'
import { deleteTopics } from '../../protocol/messages/delete-topics.ts'
import { decided } from '../controller/command.ts'
import { serveByController } from '../handler.ts'
import { codeForVersion } from '../older-codes.ts'

export const deleteTopicsCommand = decided(deleteTopics, {
  decide: (image, request, { node }) => decideDeleteTopics(image, request, node),
  refuse: ({ topics, topicNames }, errorCode, errorMessage) => ({
    throttleTimeMs: 0,
    responses: [
      ...topics.map(({ name, topicId }) => ({ name, topicId, errorCode, errorMessage })),
      ...topicNames.map((name) => ({ name, errorCode, errorMessage })),
    ],
  }),
  timeoutMs: ({ timeoutMs }) => timeoutMs,
  servedByAll: true,
})

export const deleteTopicsHandler = serveByController(deleteTopicsCommand, (reply, apiVersion) => ({
  ...reply,
  responses: reply.responses.map((response) => ({
    ...response,
    errorCode: codeForVersion(deleteTopics.key, apiVersion, response.errorCode),
  })),
}))
