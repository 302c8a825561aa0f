/**
 * Listens to the in-sync sets that leaders propose to the controller (AlterPartition), as they are sent to another node.
 *
 * A leader counts on every member from its proposal on (KIP-497), whatever becomes of it. It changes nothing and delays
 * nothing.
 */
import { peerCodec } from '../../broker/quorum/peer-codec.ts'
import { compile } from '../../protocol/codec/compile.ts'
import { alterPartition } from '../../protocol/messages/alter-partition.ts'
import type { PeerNetwork } from '../../runtime/peers.ts'
import type { History } from '../history.ts'

/** API key and version before the body of a command. */
const HEAD_BYTES = 4

export class OverheardProposals {
  readonly #history: History
  readonly #nowMs: () => number
  readonly #onProposed: () => void

  /** `onProposed` is called before a proposal is noted. */
  constructor(history: History, nowMs: () => number, onProposed: () => void) {
    this.#history = history
    this.#nowMs = nowMs
    this.#onProposed = onProposed
  }

  /** The same port, overheard. */
  tap(peers: PeerNetwork): PeerNetwork {
    return {
      openStream: (...asked) => peers.openStream(...asked),
      serve: (...asked) => peers.serve(...asked),
      call: (address, tls, request, deadlineMs) => {
        this.#hear(request)
        return peers.call(address, tls, request, deadlineMs)
      },
      isListening: (...question) => peers.isListening(...question),
      close: () => peers.close(),
    }
  }

  #hear(request: Buffer): void {
    const payload = peerCodec.decodeCommandRequest(request)?.payload
    if (payload === undefined || payload.length < HEAD_BYTES) return
    if (payload.readInt16BE(0) !== alterPartition.key) return
    const decoded = compile(alterPartition.request, payload.readInt16BE(2)).decode(payload, HEAD_BYTES)
    if (!decoded.ok) throw new Error(`a proposal cannot be read: ${decoded.error.message}`)
    this.#onProposed()
    const atMs = this.#nowMs()
    for (const { topicId, partitions } of decoded.value.topics)
      for (const { partitionIndex, leaderEpoch, partitionEpoch, newIsrWithEpochs } of partitions)
        this.#history.proposals.push({
          atMs,
          topicId,
          partition: partitionIndex,
          leaderEpoch,
          partitionEpoch,
          isr: newIsrWithEpochs,
        })
  }
}
