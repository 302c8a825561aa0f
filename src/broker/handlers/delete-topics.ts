/**
 * DeleteTopics (20), versions 1–6, by name or id: answered when this node has let go of the topics. Their
 * folders are renamed at once and removed after `file.delete.delay.ms`.
 */
import { decideDeleteTopics } from '../../coordination/metadata/decide/delete-topics.ts'
import { deleteTopics } from '../../protocol/messages/delete-topics.ts'
import { answerLater, serve } from '../handler.ts'
import { codeForVersion } from '../older-codes.ts'

export const deleteTopicsHandler = serve(deleteTopics, (request, call) => {
  const { broker, apiVersion } = call
  const decided = broker.quorum.submit((image) => decideDeleteTopics(image, request, broker.config))
  answerLater(
    call,
    decided.then((reply) => ({
      ...reply,
      responses: reply.responses.map((response) => ({
        ...response,
        errorCode: codeForVersion(deleteTopics.key, apiVersion, response.errorCode),
      })),
    })),
  )
})
