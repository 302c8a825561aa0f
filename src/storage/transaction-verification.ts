/**
 * Transactions that wait for their coordinator's word that they include this partition (KIP-890).
 *
 * A guard ties "the coordinator says so" to the append that follows it: an abort between both makes the
 * guard worthless (KAFKA-14884). It decides nothing about producers that already have an open transaction.
 */
import type { ProducerBatch } from './producer-entry.ts'
import { ErrorCode } from './storage-errors.ts'

export interface VerificationGuard {
  readonly producerId: bigint
  readonly token: number
}

interface Verification {
  readonly guard: VerificationGuard
  readonly startedMs: number
  producerEpoch: number
  /** The first append that waits; a later one must not overtake it. */
  lowestSequence: number
}

export class TransactionVerifications {
  readonly #byProducer = new Map<bigint, Verification>()
  #tokens = 0

  /** The guard under which the producer's appends wait; the same for all that wait at once. */
  begin(producerId: bigint, producerEpoch: number, baseSequence: number, nowMs: number): VerificationGuard {
    const known = this.#byProducer.get(producerId)
    if (known !== undefined && known.producerEpoch >= producerEpoch) {
      if (known.producerEpoch === producerEpoch)
        known.lowestSequence = Math.min(known.lowestSequence, baseSequence)
      return known.guard
    }
    const guard = { producerId, token: ++this.#tokens }
    this.#byProducer.set(producerId, { guard, startedMs: nowMs, producerEpoch, lowestSequence: baseSequence })
    return guard
  }

  /** null when `batch` may open its transaction under `guard`. */
  check(
    batch: ProducerBatch,
    guard: VerificationGuard | null,
  ): { errorCode: number; message: string } | null {
    const known = this.#byProducer.get(batch.producerId)
    if (known === undefined || guard === null || known.guard.token !== guard.token) {
      return {
        errorCode: ErrorCode.INVALID_TXN_STATE,
        message: 'Record was not part of an ongoing transaction',
      }
    }
    if (batch.producerEpoch === known.producerEpoch && batch.baseSequence > known.lowestSequence) {
      return {
        errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
        message: `Out of order sequence number for producer ${batch.producerId}: ${batch.baseSequence} (incoming seq. number), ${known.lowestSequence} (earliest seen sequence)`,
      }
    }
    return null
  }

  /** The transaction is open or over: the guard has done its work. */
  end(producerId: bigint): void {
    this.#byProducer.delete(producerId)
  }

  expire(nowMs: number, expirationMs: number): void {
    for (const [producerId, verification] of this.#byProducer) {
      if (nowMs - verification.startedMs >= expirationMs) this.#byProducer.delete(producerId)
    }
  }
}
