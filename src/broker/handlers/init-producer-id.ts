/**
 * InitProducerId (22), versions 0–5: an id and epoch for an idempotent producer.
 *
 * A producer that still has an id and epoch (version 3 on, KIP-360) gets the same id with the next epoch, or
 * a new id when its epochs are used up. An empty transactional id is invalid (42). Not done: transactions,
 * whose coordinator does not exist yet (15).
 */
import { errorCode } from '../../protocol/errors.ts'
import {
  type InitProducerIdRequest,
  type InitProducerIdResponseInput,
  initProducerId,
} from '../../protocol/messages/init-producer-id.ts'
import { answerLater, serve } from '../handler.ts'
import type { BrokerServices } from '../services.ts'

const NO_ID = -1n
const NO_EPOCH = -1
const EPOCH_MAX = 32_767

function refused(code: number): InitProducerIdResponseInput {
  return { throttleTimeMs: 0, errorCode: code, producerId: NO_ID, producerEpoch: NO_EPOCH }
}

async function newProducer(broker: BrokerServices): Promise<InitProducerIdResponseInput> {
  const outcome = await broker.producerIds.next()
  if ('errorCode' in outcome) {
    // Nobody to ask just now: the code after which every client comes again.
    const { REQUEST_TIMED_OUT, COORDINATOR_LOAD_IN_PROGRESS } = errorCode
    return refused(outcome.errorCode === REQUEST_TIMED_OUT ? COORDINATOR_LOAD_IN_PROGRESS : outcome.errorCode)
  }
  return { throttleTimeMs: 0, errorCode: 0, producerId: outcome.producerId, producerEpoch: 0 }
}

function requestProblem(request: InitProducerIdRequest): number {
  if (request.transactionalId === '') return errorCode.INVALID_REQUEST
  if (request.transactionalId !== null) return errorCode.COORDINATOR_NOT_AVAILABLE
  if (request.producerId < NO_ID || (request.producerId === NO_ID) !== (request.producerEpoch === NO_EPOCH))
    return errorCode.INVALID_REQUEST
  return 0
}

export const initProducerIdHandler = serve(initProducerId, (request, call) => {
  const problem = requestProblem(request)
  if (problem !== 0) call.reply(refused(problem))
  else if (request.producerId !== NO_ID && request.producerEpoch < EPOCH_MAX)
    call.reply({
      throttleTimeMs: 0,
      errorCode: 0,
      producerId: request.producerId,
      producerEpoch: request.producerEpoch + 1,
    })
  else answerLater(call, newProducer(call.broker))
})
