/** CreatePartitions (37), versions 0–3: grows topics; answered when this node serves the new partitions. */
import { decideCreatePartitions } from '../../coordination/metadata/decide/create-partitions.ts'
import { createPartitions } from '../../protocol/messages/create-partitions.ts'
import { answerLater, serve } from '../handler.ts'

export const createPartitionsHandler = serve(createPartitions, (request, call) => {
  answerLater(
    call,
    call.broker.quorum.submit((image) => decideCreatePartitions(image, request)),
    (errorCode, errorMessage) => ({
      throttleTimeMs: 0,
      results: request.topics.map(({ name }) => ({ name, errorCode, errorMessage })),
    }),
  )
})
