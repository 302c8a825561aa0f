/**
 * The token that ties "the coordinator says this transaction includes the partition" to the append that
 * follows it (KIP-890, KAFKA-14884): an abort between both makes the token worthless.
 */
export interface VerificationGuard {
  readonly producerId: bigint
  readonly producerEpoch: number
  /** Sequence of the first append that waited for the verification; later ones must not overtake it. */
  readonly lowestSequence: number
}
