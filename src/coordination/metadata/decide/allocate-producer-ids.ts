/**
 * AllocateProducerIds: a broker gets the next block of producer ids.
 *
 * The record stands before the answer, so a block is never handed out twice (trap 16).
 */
import { errorCode } from '../../../protocol/errors.ts'
import type {
  AllocateProducerIdsRequest,
  AllocateProducerIdsResponseInput,
} from '../../../protocol/messages/allocate-producer-ids.ts'
import { coordinationLimits } from '../../limits.ts'
import type { MetadataDecision } from '../decision.ts'
import type { MetadataImage } from '../image.ts'

/** The largest id; they are int64 on the wire. */
const PRODUCER_ID_MAX = 9_223_372_036_854_775_807n

export function decideAllocateProducerIds(
  image: MetadataImage,
  request: AllocateProducerIdsRequest,
): MetadataDecision<AllocateProducerIdsResponseInput> {
  const broker = image.brokers.get(request.brokerId)
  if (broker === undefined) return refused(errorCode.BROKER_ID_NOT_REGISTERED)
  if (broker.epoch !== request.brokerEpoch) return refused(errorCode.STALE_BROKER_EPOCH)
  const size = coordinationLimits.producerIdBlockSize
  const first = image.producerIds.nextProducerId
  const nextProducerId = first + BigInt(size)
  if (nextProducerId > PRODUCER_ID_MAX) return refused(errorCode.UNKNOWN_SERVER_ERROR)
  const { brokerId, brokerEpoch } = request
  return {
    records: [{ type: 'ProducerIdsRecord', value: { brokerId, brokerEpoch, nextProducerId } }],
    reply: { throttleTimeMs: 0, errorCode: 0, producerIdStart: first, producerIdLen: size },
  }
}

function refused(code: number): MetadataDecision<AllocateProducerIdsResponseInput> {
  const reply = { throttleTimeMs: 0, errorCode: code, producerIdStart: 0n, producerIdLen: 0 }
  return { records: [], reply }
}
